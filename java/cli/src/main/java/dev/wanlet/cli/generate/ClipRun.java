// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.base.Count;
import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.Interruption;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.ProgressDisplay;
import dev.wanlet.cli.options.ClipFiles;
import dev.wanlet.cli.options.InputFiles;
import dev.wanlet.cli.options.MeasuredRates;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.media.PngSequence;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.pipeline.GenerationListener;
import dev.wanlet.wan.pipeline.GenerationResult;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine;

/**
 * Runs the pipeline for a command: says what is made, shows progress, stops at Ctrl-C, prints what
 * came of it. Confined to one thread.
 *
 * @param line where output goes
 * @param json whether results are printed as JSON
 * @param previews how the clip is shown meanwhile
 */
record ClipRun(CommandLine line, boolean json, PreviewFlags previews) {
  /** Options of a run as flags give them; {@code checkpointEvery} may be null. */
  static RunOptions options(Integer checkpointEvery) {
    return checkpointEvery == null
        ? RunOptions.defaults()
        : RunOptions.defaults().withCheckpointEvery(checkpointEvery);
  }

  /**
   * Says on stderr what is going to be made.
   *
   * @throws dev.wanlet.wan.catalog.RequestException if it would replace what it is made from
   */
  void announce(ModelFiles files, GenerationRequest request) throws IOException {
    InputFiles.of(files, request).requireOther(request, "-o");
    PrintWriter err = line.getErr();
    err.printf(
        Locale.ROOT,
        "wanlet: %s, %s, %s, %s of %s, seed %d, to %s%n",
        files.model().id(),
        request.clip().size(),
        Count.of(request.clip().frames(), "frame"),
        Count.of(request.sampling().steps(), "step"),
        request.sampling().method().id(),
        request.clip().seed(),
        Printable.text(request.output()));
    Path there = PngSequence.firstFile(request.output());
    if (Files.exists(there)) {
      err.println(
          "wanlet: " + Printable.text(there) + " is there already; the finished clip replaces it");
    }
    boolean allFromDemo = files.fromDemo().contains(ModelPart.TRANSFORMER);
    if (!allFromDemo && !files.fromDemo().isEmpty()) {
      err.println(
          "wanlet: not given, so taken from the demo model: "
              + files.fromDemo().stream()
                  .sorted()
                  .map(ModelPart::title)
                  .collect(Collectors.joining(", ")));
    }
    err.flush();
  }

  /** Says on stderr what the user should know before the clip is made, a line each. */
  static void tell(CommandLine line, List<String> notes) {
    notes.forEach(note -> line.getErr().println("wanlet: " + note));
    line.getErr().flush();
  }

  /** Says what becomes of adapters. */
  private record AdapterLines(CommandLine line) implements GenerationListener {
    @Override
    public void adapted(List<String> summaries) {
      tell(line, summaries);
    }

    @Override
    public void progress(Stage stage, double done, int total) {}
  }

  /** Prints what making the clip would take. */
  void plan(ModelFiles files, GenerationRequest request, RunOptions options) throws IOException {
    RunOptions all =
        previews.applied(options, files, request, line).withListener(new AdapterLines(line));
    print(GenerationReport.of(request, pipeline(files).plan(request, all)));
  }

  /** Makes the clip and prints what it took. */
  void generate(ModelFiles files, GenerationRequest request, RunOptions options)
      throws IOException {
    RunOptions all = previews.applied(options, files, request, line);
    Interruption interruption = Interruption.onInterrupt(options.cancellation()::cancel);
    GenerationResult result;
    ProgressDisplay display = ProgressDisplay.open(line.getErr());
    previews.show(display);
    try (ProgressDisplay progress = display) {
      result = pipeline(files).generate(request, all.withListener(progress));
    } catch (IOException | RuntimeException | Error e) {
      display.savedRun().ifPresent(this::tellSavedRun);
      throw e;
    } finally {
      interruption.close();
    }
    ClipFiles.remember(result, files);
    print(GenerationReport.of(result));
  }

  private static VideoPipeline pipeline(ModelFiles files) {
    return new VideoPipeline(files, MeasuredRates.SOURCE);
  }

  private void print(GenerationReport report) {
    PrintWriter out = line.getOut();
    out.println(json ? Json.text(report.facts()) : report.line());
    out.flush();
  }

  private void tellSavedRun(Path saved) {
    line.getErr()
        .println(
            "wanlet: the run so far is saved; go on with: wanlet resume " + Printable.text(saved));
  }
}
