// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import dev.wanlet.cli.bench.BenchCommand;
import dev.wanlet.cli.compare.CompareCommand;
import dev.wanlet.cli.compare.ScoreCommand;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.StderrLogFinder;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.generate.CalibrateCommand;
import dev.wanlet.cli.generate.FinishCommand;
import dev.wanlet.cli.generate.FitTableCommand;
import dev.wanlet.cli.generate.GenerateCommand;
import dev.wanlet.cli.generate.PlanCommand;
import dev.wanlet.cli.generate.ResumeCommand;
import dev.wanlet.cli.inspect.InspectCommand;
import dev.wanlet.cli.inspect.ModelsCommand;
import dev.wanlet.cli.inspect.ParityCommand;
import dev.wanlet.cli.inspect.RecipesCommand;
import dev.wanlet.cli.machine.DoctorCommand;
import dev.wanlet.cli.machine.ProfilesCommand;
import dev.wanlet.cli.quantize.ImatrixCommand;
import dev.wanlet.cli.quantize.QuantizeCommand;
import dev.wanlet.cli.synth.SynthCommand;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code wanlet}: the root of all commands. Confined to one thread. */
@Command(
    name = "wanlet",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    subcommands = {
      GenerateCommand.class,
      ResumeCommand.class,
      FinishCommand.class,
      PlanCommand.class,
      FitTableCommand.class,
      InspectCommand.class,
      ModelsCommand.class,
      ProfilesCommand.class,
      RecipesCommand.class,
      CalibrateCommand.class,
      DoctorCommand.class,
      ParityCommand.class,
      ScoreCommand.class,
      CompareCommand.class,
      BenchCommand.class,
      SynthCommand.class,
      QuantizeCommand.class,
      ImatrixCommand.class,
      CompletionCommand.class,
      HelpCommand.class
    },
    description = "Runs Alibaba's Wan video models on small graphics cards.",
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:an error inside Wanlet",
      "2:bad arguments, an impossible size or frame count, or an output that cannot be written",
      "3:an input that is missing, unreadable or damaged",
      "4:the run does not fit the memory budget or the time limit",
      "5:a device is missing or failed",
      "130:interrupted (Ctrl-C)"
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet generate --prompt \"a yellow star moving up on a navy background\" -o star.mp4",
      "  wanlet inspect star.mp4              the command that made a clip, or what a checkpoint"
          + " is",
      "  wanlet models                        known models, and where their files go",
      "  wanlet doctor                        what this machine has to compute with",
      "",
      "'wanlet help COMMAND' tells more about a command, 'wanlet completion --help' how to have"
          + " the",
      "shell complete commands and options."
    })
final class WanletCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  private int verbosity;

  @Option(
      names = {"-v", "--verbose"},
      scope = ScopeType.INHERIT,
      description =
          "Say more on stderr: files, memory and time of every stage, and where an error came from"
              + " (-vv: also what ggml says).")
  void verbose(boolean[] given) {
    verbosity = given == null ? 0 : given.length;
    StderrLogFinder.verbosity(verbosity);
  }

  int verbosity() {
    return verbosity;
  }

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
