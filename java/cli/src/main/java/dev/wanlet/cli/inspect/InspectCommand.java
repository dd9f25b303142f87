// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.inspect;

import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.options.ClipFiles;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code wanlet inspect}: what a checkpoint is, or how a clip was made. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description = {
      "Tell what a checkpoint is: network, model, types, sizes, missing tensors; and which parts a"
          + " file or the folder of a model lacks to be run.",
      "Of a clip that Wanlet made, print the command that makes it again."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet inspect wan2.1-t2v-1.3b-Q8_0.gguf",
      "  wanlet inspect Wan2.2-T2V-A14B/",
      "  wanlet inspect --tensors Wan2.1_VAE.pth",
      "  wanlet inspect clip.mp4"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "3:the file is missing, unreadable, damaged or no part of a Wan model"
    })
public final class InspectCommand implements Callable<Integer> {
  private static final Pattern CLIP =
      Pattern.compile(".*\\.(mp4|webm|gif|png|apng|jpe?g|webp|mkv|mov)", Pattern.CASE_INSENSITIVE);

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1",
      paramLabel = "FILE",
      description =
          "A weight file, the index of a sharded one, a folder with one, the folder of a model, or a"
              + " clip.")
  private Path file;

  @Option(names = "--tensors", description = "List all tensors of a checkpoint.")
  private boolean tensors;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (CLIP.matcher(file.toString()).matches()) {
      printClip(out);
      out.flush();
      return ExitCode.OK;
    }
    Optional<ContentsReport> folder =
        Files.isDirectory(file) ? ContentsReport.ofFolder(file) : Optional.empty();
    if (folder.isPresent()) {
      out.print(json ? Json.text(folder.get().facts()) + "\n" : folder.get().render());
      out.flush();
      return ExitCode.OK;
    }
    CheckpointReport report = CheckpointReport.read(file);
    ContentsReport rest = ContentsReport.ofFile(file);
    Map<String, Object> facts = report.facts(tensors);
    facts.putAll(rest.missing());
    out.print(json ? Json.text(facts) + "\n" : report.render(tensors) + rest.renderMissing());
    out.flush();
    report.requireNetwork();
    return ExitCode.OK;
  }

  private void printClip(PrintWriter out) throws IOException {
    VideoMetadata metadata = VideoMetadata.read(file);
    List<String> missing = new ArrayList<>();
    String command = ClipFiles.of(file, metadata).here(missing).toCommandLine();
    if (json) {
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("file", file.toString());
      facts.put("command", command);
      facts.put("settings", metadata.settings());
      facts.put("provenance", metadata.provenance());
      if (!missing.isEmpty()) {
        facts.put("not_found", missing);
      }
      out.println(Json.text(facts));
      return;
    }
    out.println(command);
    missing.forEach(line -> out.println("# " + line));
    metadata
        .provenance()
        .forEach(
            (key, value) ->
                out.println(
                    "# " + key.toLowerCase(Locale.ROOT) + ": " + Printable.message(text(value))));
  }

  private static String text(Object value) {
    return value instanceof List<?> items
        ? String.join(", ", items.stream().map(String::valueOf).toList())
        : String.valueOf(value);
  }
}
