// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.FrameConversion;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.preview.ColorFit;
import dev.wanlet.wan.media.preview.ColorTable;
import dev.wanlet.wan.media.preview.LatentColors;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.pipeline.preview.Preview;
import dev.wanlet.wan.pipeline.preview.PreviewOptions;
import dev.wanlet.wan.pipeline.preview.VaeColors;
import dev.wanlet.wan.quality.ShapeScore;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Pictures of clips that are being made. */
class PreviewTest extends DemoRuns {
  private static final List<String> PROMPTS =
      List.of(
          "a red circle moving left on a black background",
          "a yellow star moving up on a navy background",
          "a green square moving right on a white background",
          "a blue triangle moving down on a gray background");

  private GenerationRequest request(int prompt, int steps, String output) {
    return GenerationRequest.builder()
        .prompt(PROMPTS.get(prompt))
        .seed(1000 + prompt) // not of the clips that colours were fitted to
        .steps(steps)
        .frames(9)
        .output(folder.resolve(output))
        .compute(ONE_THREAD)
        .build(files.model());
  }

  /** Hears of previews. */
  private record Gallery(List<Preview> seen) implements GenerationListener {
    Gallery() {
      this(new ArrayList<>());
    }

    @Override
    public void previewed(Preview preview) {
      seen.add(preview);
    }

    @Override
    public void progress(Stage stage, double done, int total) {}
  }

  private static double squaredError(float[] shown, float[] frame) {
    double sum = 0;
    for (int i = 0; i < shown.length; i++) {
      double difference = (Math.max(-1, Math.min(1, shown[i])) - frame[i]) / 2;
      sum += difference * difference;
    }
    return sum / shown.length;
  }

  /** Over 32 clips that the colours were not fitted to it is 20.3 dB; single ones differ by 2. */
  @Test
  void coloursOfLatentsAreWithin20DbOfTheFramesAtAnEighthOfTheSize() throws IOException {
    LatentColors colors;
    try (OpenModel model = OpenModel.open(files)) {
      colors = ColorTable.known(VaeColors.print(model.vae())).orElseThrow();
    }
    double error = 0;
    int frames = 0;
    try (OpenPipeline open = pipeline.open()) {
      for (int i = 64; i < 70; i++) {
        GenerationRequest request =
            GenerationRequest.builder()
                .prompt(demoPrompt(i))
                .seed(i)
                .output(folder.resolve(i + ".gif"))
                .compute(ONE_THREAD)
                .build(files.model());
        try (SamplingRun run = open.start(request)) {
          while (!run.isDone()) {
            run.step();
          }
          float[] latents = run.latents();
          List<RgbFrame> decoded = VideoReader.readAll(run.finish().output());
          for (int f = 0; f < decoded.size(); f++) {
            float[] frame = FrameConversion.toChw(decoded.get(f).rgb24(), 64, 64);
            error +=
                squaredError(
                    colors.planes(latents, 5, (f + 3) / 4, 8, 8),
                    ColorFit.shrunk(frame, 64, 64, 8));
            frames++;
          }
        }
      }
    }
    assertThat(-10 * Math.log10(error / frames)).isGreaterThan(20);
  }

  /** As the colours' clips were prompted. */
  private static String demoPrompt(int i) {
    List<String> motions =
        ShapeScore.motions().stream().filter(m -> !m.equals("spinning")).toList();
    return String.format(
        "a %s %s %s on a %s background",
        at(ShapeScore.colours(), i),
        at(ShapeScore.shapes(), i + i / 4),
        at(motions, i),
        at(ShapeScore.backgrounds(), i + i / 3));
  }

  private static String at(List<String> words, int i) {
    return words.get(i % words.size());
  }

  @Test
  void previewsComeAsOftenAsAskedAndChangeNothing() throws IOException {
    Path plain = pipeline.generate(request(0, 5, "plain.gif")).output();
    Gallery gallery = new Gallery();
    Path shown =
        pipeline
            .generate(
                request(0, 5, "shown.gif"),
                RunOptions.defaults()
                    .withListener(gallery)
                    .withPreviews(new PreviewOptions(2, Optional.empty(), Optional.empty())))
            .output();
    assertThat(gallery.seen()).extracting(Preview::step).containsExactly(2, 4, 5);
    assertThat(VideoReader.readAll(shown))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(VideoReader.readAll(plain));
    Preview last = gallery.seen().get(2);
    assertThat(last.frames()).hasSize(3).allMatch(f -> f.width() == 8 && f.height() == 8);
    assertThat(last.fps()).isEqualTo(files.model().fps() / 4);
  }

  @Test
  void thePictureIsThatOfTheCleanLatents() throws IOException {
    Gallery gallery = new Gallery();
    pipeline.generate(
        request(0, 8, "clip.gif"),
        RunOptions.defaults().withListener(gallery).withPreviews(PreviewOptions.eachStep()));
    // With three quarters of the noise still there the red circle on black is to be seen.
    RgbFrame early = gallery.seen().get(3).frames().get(1);
    RgbFrame done = gallery.seen().get(7).frames().get(1);
    double difference = 0;
    for (int i = 0; i < early.rgb24().length; i++) {
      double d = (early.rgb24()[i] & 0xff) - (done.rgb24()[i] & 0xff);
      difference += d * d / early.rgb24().length;
    }
    assertThat(Math.sqrt(difference)).isLessThan(40);
  }

  @Test
  void aSmallDecoderShowsWholeFramesAndTakesNothingOfTheDevice() throws IOException {
    Gallery gallery = new Gallery();
    PreviewOptions wish =
        new PreviewOptions(2, Optional.of(SmallDecoderTest.TAE), Optional.empty());
    GenerationResult plain = pipeline.generate(request(0, 2, "plain.gif"));
    GenerationResult result =
        pipeline.generate(
            request(0, 2, "clip.gif"),
            RunOptions.defaults().withListener(gallery).withPreviews(wish));
    assertThat(gallery.seen()).hasSize(1);
    assertThat(gallery.seen().get(0).frames())
        .hasSize(3)
        .allMatch(f -> f.width() == 64 && f.height() == 64);
    assertThat(result.measuredPeakBytes()).isEqualTo(plain.measuredPeakBytes());
  }

  @Test
  void aFileThatIsNoSmallDecoderIsToldBeforeAnyWork() {
    PreviewOptions wish = new PreviewOptions(1, Optional.of(files.vae()), Optional.empty());
    assertThatThrownBy(
            () ->
                pipeline.generate(
                    request(0, 2, "clip.gif"), RunOptions.defaults().withPreviews(wish)))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("no small decoder");
    assertThatThrownBy(() -> new PreviewOptions(0, Optional.empty(), Optional.empty()))
        .isInstanceOf(RequestException.class);
  }

  @Test
  void aVaeWithoutAKnownFitGetsOneThatIsKept() throws IOException {
    Path cache = folder.resolve("colors");
    try (OpenModel model = OpenModel.open(files)) {
      String print = VaeColors.print(model.vae());
      LatentColors made = VaeColors.fit(model, Long.MAX_VALUE).orElseThrow();
      assertThat(made.channels()).isEqualTo(16);
      assertThat(VaeColors.fit(model, 1)).isEmpty();
      VaeColors.keep(cache, print, made);
      assertThat(VaeColors.kept(cache, print)).contains(made);
      assertThat(VaeColors.kept(cache, "another")).isEmpty();
      Files.writeString(cache.resolve(print + ".json"), "{\"vae\":");
      assertThat(VaeColors.kept(cache, print)).isEmpty();
    }
  }
}
