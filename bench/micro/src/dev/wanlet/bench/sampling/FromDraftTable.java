// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.sampling;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.media.FrameConversion;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.pipeline.OpenPipeline;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.quality.ReferenceMeasures;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * How much of a draft may be made anew: drafts of the demo model with its four-step adapter, and
 * the clips in full that are made over from them at each strength. Counts how often a clip shows
 * what the prompt names, and holds it, reduced to the draft's size, against the draft. Prints a
 * Markdown table for each size of draft. Argument: the number of prompts.
 */
public final class FromDraftTable {
  private static final FrameSize FULL = new FrameSize(64, 64);
  private static final List<FrameSize> DRAFTS = List.of(FULL, new FrameSize(48, 48));

  /** What {@code strength} stands for: 0 for the draft itself, 2 for a clip from noise alone. */
  private static final double[] STRENGTHS = {0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 2};

  private static final double DRAFT = 0;
  private static final double ANEW = 2;

  private FromDraftTable() {}

  public static void main(String[] args) throws IOException {
    int prompts = args.length > 0 ? Integer.parseInt(args[0]) : 24;
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    ModelFiles files = ModelFiles.in(DemoModel.directory());
    Path folder = Files.createTempDirectory("wanlet-drafts");
    try (OpenPipeline pipeline = new VideoPipeline(files).open()) {
      for (FrameSize size : DRAFTS) {
        out.println("| draft of " + size + " | " + ShapeTally.HEAD + " | PSNR to it, dB | SSIM |");
        out.println("|---|---|---|---|---|---|---|");
        for (Row row : rows(pipeline, files, size, prompts, folder)) {
          out.println(row.line());
        }
        out.println();
      }
    } finally {
      try (Stream<Path> left = Files.list(folder)) {
        for (Path file : left.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
  }

  private static List<Row> rows(
      OpenPipeline pipeline, ModelFiles files, FrameSize size, int prompts, Path folder)
      throws IOException {
    List<Row> rows = new ArrayList<>();
    for (double strength : STRENGTHS) {
      rows.add(new Row(strength));
    }
    for (int i = 0; i < prompts; i++) {
      Path draft = folder.resolve("draft.mp4");
      GenerationRequest.Builder small = clip(i, draft).size(size.width(), size.height());
      SamplingTable.add(
          small,
          "--sampling-method euler --sigmas 1,0.9375,0.833333,0.625 --cfg-scale 1 --lora "
              + DemoModel.fourStepAdapter());
      pipeline.generate(small.build(files.model()));
      List<RgbFrame> drafted = VideoReader.readAll(draft);
      for (Row row : rows) {
        Path made = draft;
        if (row.strength != DRAFT) {
          made = folder.resolve("clip.mp4");
          GenerationRequest.Builder full = clip(i, made).size(FULL.width(), FULL.height());
          if (row.strength != ANEW) {
            full.set(Settings.INIT_VIDEO, draft).set(Settings.STRENGTH, row.strength);
          }
          pipeline.generate(full.build(files.model()));
        }
        row.add(DemoPrompts.prompt(i), VideoReader.readAll(made), drafted);
      }
    }
    return rows;
  }

  private static GenerationRequest.Builder clip(int i, Path output) {
    return GenerationRequest.builder()
        .prompt(DemoPrompts.prompt(i))
        .seed(i)
        .output(output)
        .compute(SamplingTable.ONE_THREAD);
  }

  /** Clips of one strength. */
  private static final class Row {
    private final double strength;
    private final ShapeTally right = new ShapeTally();
    private double psnr;
    private double ssim;
    private int clips;

    Row(double strength) {
      this.strength = strength;
    }

    void add(String prompt, List<RgbFrame> frames, List<RgbFrame> draft) {
      right.add(prompt, frames);
      ReferenceMeasures alike = new ReferenceMeasures();
      for (int i = 0; i < frames.size(); i++) {
        RgbFrame to = draft.get(i);
        alike.accept(reduced(frames.get(i), to.width(), to.height()), to);
      }
      Map<String, OptionalDouble> values = alike.values();
      psnr += values.get("psnr").orElseThrow();
      ssim += values.get("ssim").orElseThrow();
      clips++;
    }

    private static RgbFrame reduced(RgbFrame frame, int width, int height) {
      if (frame.width() == width && frame.height() == height) {
        return frame;
      }
      float[] rgb = Fit.STRETCH.smoothFrame(frame, width, height);
      return new RgbFrame(width, height, FrameConversion.toRgb24(rgb, width, height));
    }

    String line() {
      if (strength == DRAFT) {
        return "| the draft itself | " + right.cells() + " | | |";
      }
      return String.format(
          Locale.ROOT,
          "| %s | %s | %.1f | %.3f |",
          strength == ANEW ? "from noise, same seed" : "--strength " + strength,
          right.cells(),
          psnr / clips,
          ssim / clips);
    }
  }
}
