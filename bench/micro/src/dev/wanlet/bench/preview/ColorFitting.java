// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.preview;

import dev.wanlet.bench.sampling.DemoPrompts;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.media.FrameConversion;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.preview.ColorFit;
import dev.wanlet.wan.media.preview.ColorTable;
import dev.wanlet.wan.media.preview.LatentColors;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.OpenPipeline;
import dev.wanlet.wan.pipeline.SamplingRun;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.pipeline.preview.VaeColors;
import dev.wanlet.wan.request.GenerationRequest;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Fits the colours of the demo model's latents to clips of its own, and measures previews against
 * decoded frames of other clips: PSNR at an eighth of the resolution, of the fit and of the one
 * that is made of random latents where no fit comes along. Argument: the number of clips, of which
 * two thirds are fitted to. The last line is the entry of {@code latent-colors.json}.
 */
public final class ColorFitting {
  private static final ComputeSettings ONE_THREAD =
      new ComputeSettings(
          "CPU", OptionalInt.of(1), OptionalLong.empty(), OptionalLong.empty(), Precision.AUTO);

  private ColorFitting() {}

  /** Latents of a clip with its frames, [3, H, W] each. */
  private record Clip(float[] latents, int latentFrames, List<float[]> frames) {}

  /** Clips are what is to be shown: the fit may follow them closely. */
  private static final double RIDGE = 1e-4;

  private static final int SIDE = 64;
  private static final int FACTOR = 8;
  private static final int FRAMES_OF_LATENT = 4;

  public static void main(String[] args) throws IOException {
    int count = args.length > 0 ? Integer.parseInt(args[0]) : 24;
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    ModelFiles files = ModelFiles.in(DemoModel.directory());
    List<Clip> clips = clips(files, count);
    List<Clip> fitted = clips.subList(0, count * 2 / 3);
    List<Clip> others = clips.subList(count * 2 / 3, count);
    LatentColors colors = fit(fitted);
    try (OpenModel model = OpenModel.open(files)) {
      LatentColors random = VaeColors.fit(model, Long.MAX_VALUE).orElseThrow();
      out.printf(
          Locale.ROOT,
          "PSNR at 1/8 of the resolution over %d clips: fitted to %d clips %.2f dB, to random latents %.2f"
              + " dB%n",
          others.size(),
          fitted.size(),
          psnr(colors, others),
          psnr(random, others));
      out.println(
          ColorTable.write(
              colors, VaeColors.print(model.vae()), fitted.size() + " clips of the demo model"));
    }
  }

  private static List<Clip> clips(ModelFiles files, int count) throws IOException {
    List<Clip> clips = new ArrayList<>();
    Path gif = Files.createTempFile("wanlet-colours", ".gif");
    try (OpenPipeline open = new VideoPipeline(files).open()) {
      for (int i = 0; i < count; i++) {
        GenerationRequest request =
            GenerationRequest.builder()
                .prompt(DemoPrompts.prompt(i))
                .seed(i)
                .output(gif)
                .compute(ONE_THREAD)
                .build(files.model());
        try (SamplingRun run = open.start(request)) {
          while (!run.isDone()) {
            run.step();
          }
          float[] latents = run.latents();
          int latentFrames = (int) run.shape().dim(1);
          run.finish();
          List<float[]> frames = new ArrayList<>();
          for (RgbFrame frame : VideoReader.readAll(gif)) {
            frames.add(FrameConversion.toChw(frame.rgb24(), frame.width(), frame.height()));
          }
          clips.add(new Clip(latents, latentFrames, frames));
        }
      }
    } finally {
      Files.deleteIfExists(gif);
    }
    return clips;
  }

  private static LatentColors fit(List<Clip> clips) {
    ColorFit fit = new ColorFit(16);
    for (Clip clip : clips) {
      fit.add(
          clip.latents(),
          clip.latentFrames(),
          SIDE / FACTOR,
          SIDE / FACTOR,
          ColorFit.means(clip.frames(), SIDE, SIDE, FACTOR, FRAMES_OF_LATENT));
    }
    return fit.solve(RIDGE);
  }

  /** Every decoded frame against the picture of its latent frame. */
  private static double psnr(LatentColors colors, List<Clip> clips) {
    double sum = 0;
    long values = 0;
    for (Clip clip : clips) {
      for (int i = 0; i < clip.frames().size(); i++) {
        float[] shown =
            colors.planes(
                clip.latents(),
                clip.latentFrames(),
                (i + FRAMES_OF_LATENT - 1) / FRAMES_OF_LATENT,
                SIDE / FACTOR,
                SIDE / FACTOR);
        float[] frame = ColorFit.shrunk(clip.frames().get(i), SIDE, SIDE, FACTOR);
        for (int k = 0; k < frame.length; k++) {
          double difference = (Math.max(-1, Math.min(1, shown[k])) - frame[k]) / 2;
          sum += difference * difference;
          values++;
        }
      }
    }
    return -10 * Math.log10(sum / values);
  }
}
