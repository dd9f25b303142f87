// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.Table;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.quality.Better;
import dev.wanlet.wan.quality.ClipMeasures;
import dev.wanlet.wan.quality.MeasureInfo;
import dev.wanlet.wan.quality.ReferenceMeasures;
import dev.wanlet.wan.quality.ShapeScore;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code wanlet score}: what measures say of any clips. Confined to one thread. */
@Command(
    name = "score",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description =
        "Measure clips, whatever program made them: consistency, motion, flicker, sharpness and"
            + " noise, and with a reference their PSNR, SSIM and motion against it. The values are Wanlet's own,"
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
  private static final Map<String, String> REFERENCE_UNITS =
      Map.of(
          "psnr", "dB, higher is nearer",
          "ssim", "at most 1, higher is nearer",
          "motion", "levels",
          "motion_reference", "levels");

  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Clips: MP4, WebM, GIF and more.")
  private List<Path> files;

  @Option(
      names = "--reference",
      paramLabel = "FILE",
      description =
          "A clip of the same size to hold them against, frame by frame, up to the end of the"
              + " shorter one.")
  private Path reference;

  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
      description =
          "What the demo model was asked for: counts how many of colour, shape, motion and"
              + " background are seen. Holds whole clips in memory (default: the prompt in the clip,"
              + " where it is one that the demo model knows).")
  private String prompt;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    Optional<ShapeScore> given = given();
    List<ClipScore> scores = new ArrayList<>();
    for (Path file : files) {
      Optional<ShapeScore> asked = prompt == null ? stored(file) : given;
      ClipScore score = ClipScorer.score(file, Optional.ofNullable(reference), asked);
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

  /** A part that the prompt leaves open could neither be seen nor missed. */
  private Optional<ShapeScore> given() {
    if (prompt == null) {
      return Optional.empty();
    }
    Optional<ShapeScore> asked = ShapeScore.fromWholePrompt(prompt);
    if (asked.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "--prompt: \""
              + Printable.text(prompt)
              + "\" does not name all of colour, shape, motion and background; expected words that"
              + " the demo model knows, such as \"a red circle moving left on a black"
              + " background\"");
    }
    return asked;
  }

  /** The prompt in a clip of our own, where it is one that the demo model knows. */
  private static Optional<ShapeScore> stored(Path file) throws IOException {
    try {
      return VideoMetadata.read(file)
          .setting(Settings.PROMPT.name())
          .flatMap(text -> ShapeScore.fromWholePrompt(text.toString()));
    } catch (MediaException e) {
      return Optional.empty(); // not ours; what cannot be read at all is told when it is scored
    }
  }

  private Map<String, Object> facts(List<ClipScore> scores) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("clips", scores.stream().map(ClipScore::facts).toList());
    Map<String, Object> methods = new LinkedHashMap<>();
    for (MeasureInfo info : ClipMeasures.infos()) {
      Map<String, Object> method = new LinkedHashMap<>();
      method.put("unit", info.unit());
      method.put("better", info.better().name().toLowerCase(Locale.ROOT));
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
      row(
          table,
          info.id(),
          s -> number(s.measures().get(info.id())),
          info.unit() + ", " + words(info.better()),
          scores);
    }
    if (reference != null) {
      for (String id : ReferenceMeasures.methods().keySet()) {
        row(table, id, s -> number(s.reference().get(id)), REFERENCE_UNITS.get(id), scores);
      }
    }
    if (scores.stream().anyMatch(s -> s.caption().isPresent())) {
      row(
          table,
          "caption_accuracy",
          s -> s.caption().map(parts -> parts + " of 4").orElse("-"),
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

  private static String words(Better better) {
    return switch (better) {
      case HIGHER -> "higher is better";
      case LOWER -> "lower is better";
      case NEITHER -> "higher is more motion, not better";
    };
  }

  private static String number(OptionalDouble value) {
    if (value.isEmpty()) {
      return "-";
    }
    double number = value.getAsDouble();
    return Double.isInfinite(number) ? "no error" : String.format(Locale.ROOT, "%.4f", number);
  }
}
