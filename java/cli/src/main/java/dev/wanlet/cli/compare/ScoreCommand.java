// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.Table;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.wan.quality.ClipMeasures;
import dev.wanlet.wan.quality.MeasureInfo;
import dev.wanlet.wan.quality.ReferenceMeasures;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code wanlet score}: what measures say of any clips. Confined to one thread. */
@Command(
    name = "score",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description =
        "Measure clips, whatever program made them: consistency, motion, flicker, sharpness and"
            + " noise, and with a reference how near they come to it. The values are Wanlet's own,"
            + " not VBench scores; docs/quality.md tells each method.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet score clip.mp4 other.webm",
      "  wanlet score q4.mp4 q8.mp4 --reference f16.mp4 --json",
      "  wanlet score circle.mp4 -p \"a red circle moving left on a black background\""
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all clips are measured",
      "2:bad arguments",
      "3:a clip is missing or damaged, or not of the reference's size"
    })
public final class ScoreCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Clips: MP4, WebM, GIF and more.")
  private List<Path> files;

  @Option(
      names = "--reference",
      paramLabel = "FILE",
      description = "A clip of the same size to hold them against, frame by frame.")
  private Path reference;

  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
      description =
          "What the demo model was asked for: counts how many of colour, shape, motion and"
              + " background are seen. Holds whole clips in memory.")
  private String prompt;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    List<ClipScore> scores = new ArrayList<>();
    for (Path file : files) {
      ClipScore score = ClipScore.of(file, reference, prompt);
      for (String note : score.notes()) {
        spec.commandLine().getErr().println("wanlet: " + Printable.text(file) + ": " + note);
      }
      scores.add(score);
    }
    spec.commandLine().getErr().flush();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.text(facts(scores)));
    } else {
      print(out, scores);
    }
    out.flush();
    return ExitCode.OK;
  }

  private Map<String, Object> facts(List<ClipScore> scores) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("clips", scores.stream().map(ClipScore::facts).toList());
    Map<String, Object> methods = new LinkedHashMap<>();
    for (MeasureInfo info : ClipMeasures.infos()) {
      Map<String, Object> method = new LinkedHashMap<>();
      method.put("unit", info.unit());
      method.put("higher_is_better", info.higherIsBetter());
      method.put("method", info.method());
      methods.put(info.id(), method);
    }
    facts.put("methods", methods);
    if (reference != null) {
      facts.put("reference", reference.toString());
      facts.put("reference_methods", ReferenceMeasures.methods());
    }
    return facts;
  }

  private void print(PrintWriter out, List<ClipScore> scores) {
    Table table = new Table();
    row(table, "", s -> s.file().toString(), "", scores);
    for (MeasureInfo info : ClipMeasures.infos()) {
      String better = info.higherIsBetter() ? "higher" : "lower";
      row(
          table,
          info.id(),
          s -> number(s.measures().get(info.id())),
          info.unit() + ", " + better + " is better",
          scores);
    }
    if (reference != null) {
      for (String id : ReferenceMeasures.methods().keySet()) {
        row(
            table,
            id,
            s -> s.reference().containsKey(id) ? number(s.reference().get(id)) : "-",
            id.equals("psnr") ? "dB" : "",
            scores);
      }
    }
    if (prompt != null) {
      row(
          table,
          "caption_accuracy",
          s -> s.caption().orElseThrow() + " of 4",
          "parts of the prompt that are seen",
          scores);
    }
    out.print(table.render(""));
    out.println();
    out.println("Methods:");
    for (MeasureInfo info : ClipMeasures.infos()) {
      out.println("  " + info.id() + ": " + info.method());
    }
    if (reference != null) {
      ReferenceMeasures.methods().forEach((id, method) -> out.println("  " + id + ": " + method));
    }
  }

  private static void row(
      Table table,
      String name,
      Function<ClipScore, String> cell,
      String unit,
      List<ClipScore> scores) {
    List<String> cells = new ArrayList<>();
    cells.add(name);
    scores.forEach(s -> cells.add(cell.apply(s)));
    cells.add(unit);
    table.row(cells.toArray(String[]::new));
  }

  private static String number(OptionalDouble value) {
    return value.isPresent() ? number(value.getAsDouble()) : "-";
  }

  private static String number(double value) {
    return Double.isInfinite(value) ? "identical" : String.format(Locale.ROOT, "%.4f", value);
  }
}
