// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.VersionProvider;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code wanlet completion}: a script for the shell. Confined to one thread. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description = "Print a script with which bash and zsh complete commands and options.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  source <(./wanlet completion)                     in this shell, for wanlet and ./wanlet",
      "  ./wanlet completion >> ~/.bash_completion         in every bash from now on",
      "  ./wanlet completion > ~/.wanlet-completion        in zsh; add to ~/.zshrc:",
      "      autoload -U +X bashcompinit && bashcompinit && source ~/.wanlet-completion"
    })
final class CompletionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    out.print(AutoComplete.bash("wanlet", spec.root().commandLine()));
    out.flush();
    return ExitCode.OK;
  }
}
