// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static dev.wanlet.wan.pipeline.Clips.assertSameFrames;
import static dev.wanlet.wan.pipeline.Clips.frames;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.PictureReader;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.quality.ShapeScore;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.ExpertSchedule.Expert;
import dev.wanlet.weights.WeightFormatException;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clips of the demo model that begin, and maybe end, with a picture. */
class PictureRunTest extends DemoRuns {
  private static final String PROMPT = "a red circle moving right on a black background";

  private Path left;
  private Path right;

  @BeforeEach
  void draw() throws IOException {
    use(ModelSelection.none().withPictures(true));
    left = circle("left.png", 64, 64, 18, 32);
    right = circle("right.png", 64, 64, 46, 32);
  }

  private Path circle(String name, int width, int height, int x, int y) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setColor(new Color(12, 12, 14));
    g.fillRect(0, 0, width, height);
    g.setColor(new Color(220, 40, 40));
    g.fillOval(x - 9, y - 9, 18, 18);
    g.dispose();
    Path file = folder.resolve(name);
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  private GenerationRequest.Builder request(String output) {
    return GenerationRequest.builder()
        .prompt(PROMPT)
        .seed(5)
        .picture(left)
        .output(folder.resolve(output))
        .compute(ONE_THREAD);
  }

  /** A clip that takes little time. */
  private GenerationRequest.Builder brief(String output) {
    return request(output).steps(3).frames(5);
  }

  private GenerationResult generate(GenerationRequest.Builder request) throws IOException {
    return pipeline.generate(request.build(files.model()));
  }

  private static double psnr(RgbFrame frame, Path picture) throws IOException {
    byte[] a = frame.rgb24();
    byte[] b = PictureReader.read(picture).frame().rgb24();
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      double d = (a[i] & 0xff) - (b[i] & 0xff);
      sum += d * d;
    }
    return 10 * Math.log10(255 * 255 * a.length / sum);
  }

  @Test
  void theClipBeginsWithThePictureAndMovesAsThePromptSays() throws IOException {
    assertThat(files.model().id()).isEqualTo(ModelCatalog.DEMO_PICTURES);
    GenerationResult result = generate(request("clip.mp4"));
    List<RgbFrame> frames = frames(result);
    assertThat(frames).hasSize(17);
    assertThat(psnr(frames.get(0), left)).isGreaterThan(20);
    assertThat(ShapeScore.of(frames)).isEqualTo(ShapeScore.fromPrompt(PROMPT));
    assertThat(result.stageSeconds().keySet())
        .containsExactly(Stage.TEXT, Stage.ENCODE, Stage.SAMPLE, Stage.DECODE);
    assertThat(result.measuredPeakBytes())
        .isLessThanOrEqualTo(result.plannedPeakBytes())
        .isGreaterThanOrEqualTo(result.plannedPeakBytes() * 97 / 100);
    VideoMetadata stored = VideoMetadata.read(result.output());
    assertThat(stored.setting("init-img")).contains(left.getFileName().toString());
    assertThat(stored.setting("fit")).contains("stretch");
    assertThat(stored.provenance()).containsKey("picture-sha256");
    assertThat(stored.toCommandLine()).contains(" --init-img " + left.getFileName());
  }

  @Test
  void theClipEndsWithTheLastPicture() throws IOException {
    List<RgbFrame> frames = frames(generate(request("both.mp4").set(Settings.END_IMG, right)));
    assertThat(psnr(frames.get(0), left)).isGreaterThan(20);
    assertThat(psnr(frames.get(16), right)).isGreaterThan(20);
    assertThat(psnr(frames.get(16), left)).isLessThan(18);
  }

  @Test
  void aTightBudgetStreamsAndBandsToTheSameClip() throws IOException {
    GenerationResult free = generate(brief("free.mp4"));
    long budget = smallestBudget();
    assertThat(budget).isLessThan(free.measuredPeakBytes());
    GenerationResult tight = generate(brief("tight.mp4").compute(within(budget)));
    assertThat(tight.measuredPeakBytes()).isLessThanOrEqualTo(budget);
    RunPlan plan = pipeline.plan(brief("plan.png").compute(within(budget)).build(files.model()));
    assertThat(plan.transformer().placement().isAllResident()).isFalse();
    assertThat(plan.stage(Stage.ENCODE).device().peak())
        .isLessThan(
            pipeline.plan(brief("p.png").build(files.model())).stage(Stage.ENCODE).device().peak());
    assertSameFrames(tight, free);
  }

  private static ComputeSettings within(long budget) {
    return new ComputeSettings(
        "CPU", OptionalInt.of(1), OptionalLong.of(budget), OptionalLong.empty(), Precision.AUTO);
  }

  private long smallestBudget() throws IOException {
    long needed = 1;
    while (true) {
      try {
        pipeline.plan(brief("plan.png").compute(within(needed)).build(files.model()));
        return needed;
      } catch (MemoryBudgetException e) {
        needed = e.neededBytes();
      }
    }
  }

  @Test
  void aStoppedRunResumesToTheSameClipWhateverBecameOfThePicture() throws IOException {
    GenerationResult whole = generate(brief("whole.mp4"));
    GenerationRequest request = brief("resumed.mp4").build(files.model());
    RunCheckpoint saved = Clips.stopped(pipeline, request);
    SavedSettings settings = new SavedSettings(folder, saved.settings());
    assertThat(settings.model().pictures()).isTrue();
    GenerationRequest again =
        settings.request(
            files.model(),
            SettingValues.NONE.with(Settings.THREADS, 1).with(Settings.DEVICE, "CPU"),
            request.output());
    Path file = RunCheckpoint.fileFor(request.output());
    byte[] kept = Files.readAllBytes(file);
    Files.delete(left);
    GenerationResult resumed = pipeline.generate(again, RunOptions.defaults().resuming(saved));
    assertSameFrames(resumed, whole);
    assertThat(resumed.stageSeconds().keySet()).doesNotContain(Stage.ENCODE);
    assertThat(VideoMetadata.read(resumed.output()).provenance().get("picture-sha256"))
        .isEqualTo(saved.settings().provenance().get("picture-sha256"));
    Files.write(file, kept);
    Files.copy(right, left);
    assertSameFrames(pipeline.generate(again, RunOptions.defaults().resuming(saved)), whole);
  }

  /** As an older version saved it: then the run needs the picture it was started with. */
  @Test
  void aSavedRunWithoutThePicturesLatentsWantsTheSamePicture() throws IOException {
    GenerationResult whole = generate(brief("whole.mp4"));
    GenerationRequest request = brief("resumed.mp4").build(files.model());
    RunCheckpoint full = Clips.stopped(pipeline, request);
    assertThat(full.shown().channels()).isNotEmpty();
    RunCheckpoint saved =
        new RunCheckpoint(
            full.settings(), full.shape(), full.latents(), full.sampler(), full.guidance());
    saved.save(RunCheckpoint.fileFor(request.output()));
    Files.copy(left, folder.resolve("kept.png"));
    Files.delete(left);
    GenerationRequest again =
        new SavedSettings(folder, saved.settings())
            .request(
                files.model(),
                SettingValues.NONE.with(Settings.THREADS, 1).with(Settings.DEVICE, "CPU"),
                request.output());
    assertThatThrownBy(() -> pipeline.generate(again, RunOptions.defaults().resuming(saved)))
        .hasMessageContaining("left.png: no such file");
    Files.copy(right, left);
    assertThatThrownBy(() -> pipeline.generate(again, RunOptions.defaults().resuming(saved)))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("left.png")
        .hasMessageContaining("this picture is not the one that the run was started with");
    Files.delete(left);
    Files.copy(folder.resolve("kept.png"), left);
    assertSameFrames(pipeline.generate(again, RunOptions.defaults().resuming(saved)), whole);
  }

  @Test
  void anOpenPipelineShowsEachClipItsOwnPicture() throws IOException {
    GenerationResult fresh = generate(brief("fresh.mp4").picture(right));
    try (OpenPipeline open = pipeline.open()) {
      open.generate(brief("first.mp4").build(files.model()));
      GenerationResult second =
          open.generate(brief("second.mp4").picture(right).build(files.model()));
      assertSameFrames(second, fresh);
    }
  }

  /** As Wan 2.2 I2V-A14B; both experts have the same weights, so the clip is that of one. */
  @Test
  void twoExpertsSeeThePictureInTurn() throws IOException {
    GenerationResult one = generate(brief("one.mp4"));
    Path high = folder.resolve("high.gguf");
    Files.copy(files.transformer(), high);
    ModelDefaults model = TwoExpertsTest.twoExperts(files.model());
    VideoPipeline experts =
        new VideoPipeline(
            new ModelFiles(
                model,
                files.transformer(),
                Optional.of(high),
                files.vae(),
                files.textEncoder(),
                Optional.empty(),
                files.tokenizer(),
                files.fromDemo()));
    GenerationRequest request = brief("two.mp4").set(Settings.EXPERT_BOUNDARY, 0.9).build(model);
    assertThat(request.sampling().experts().expert(0)).isEqualTo(Expert.HIGH_NOISE);
    assertThat(request.sampling().experts().expert(2)).isEqualTo(Expert.LOW_NOISE);
    GenerationResult two = experts.generate(request);
    assertSameFrames(two, one);
    assertThat(two.measuredPeakBytes()).isLessThanOrEqualTo(two.plannedPeakBytes());
  }

  @Test
  void stoppingWhileThePictureIsEncodedIsACancellation() {
    Cancellation cancellation = new Cancellation();
    List<Stage> seen = new ArrayList<>();
    GenerationListener stop =
        (stage, done, total) -> {
          seen.add(stage);
          if (stage.equals(Stage.ENCODE)) {
            cancellation.cancel();
          }
        };
    GenerationRequest request = brief("stopped.mp4").build(files.model());
    assertThatThrownBy(
            () ->
                pipeline.generate(
                    request,
                    RunOptions.defaults().withListener(stop).withCancellation(cancellation)))
        .isInstanceOf(CancellationException.class);
    assertThat(seen).contains(Stage.ENCODE).doesNotContain(Stage.SAMPLE);
  }

  @Test
  void theFrameTakesThePicturesShape() throws IOException {
    Path wide = circle("wide.png", 200, 120, 60, 60);
    GenerationRequest.Builder own = request("own.mp4").picture(wide);
    assertThat(own.build(files.model()).clip().size()).hasToString("80x48");
    assertThat(own.build(files.model()).pictures().fit()).isEqualTo(Fit.STRETCH);
    GenerationRequest.Builder one = request("one.mp4").picture(wide).set(Settings.WIDTH, 160);
    assertThat(one.build(files.model()).clip().size()).hasToString("160x96");
    GenerationRequest.Builder square = request("square.mp4").picture(wide).size(64, 64);
    assertThat(square.build(files.model()).pictures().fit()).isEqualTo(Fit.CROP);
    GenerationRequest.Builder both = own.set(Settings.END_IMG, right);
    assertThat(both.build(files.model()).pictures().fit()).isEqualTo(Fit.CROP);
  }

  @Test
  void clipSeesTheLastPictureInTheShapeOfTheFirst() throws IOException {
    Path wide = circle("wide.png", 128, 64, 64, 32); // its middle is a picture of the first's shape
    Path middle = circle("middle.png", 64, 64, 32, 32);
    GenerationRequest both = request("both.mp4").set(Settings.END_IMG, wide).build(files.model());
    ClipPictures shown = ClipPictures.read(both, OptionalInt.of(56), note -> {}).orElseThrow();
    GenerationRequest square =
        request("square.mp4").set(Settings.END_IMG, middle).build(files.model());
    ClipPictures cut = ClipPictures.read(square, OptionalInt.of(56), note -> {}).orElseThrow();
    assertThat(shown.seen().get(1)).isEqualTo(cut.seen().get(1));
    assertThat(shown.seen().get(0)).isEqualTo(cut.seen().get(0));
    GenerationRequest stretched =
        request("s.mp4")
            .set(Settings.END_IMG, wide)
            .set(Settings.FIT, Fit.STRETCH)
            .build(files.model());
    ClipPictures whole = ClipPictures.read(stretched, OptionalInt.of(56), note -> {}).orElseThrow();
    assertThat(whole.seen().get(1)).isNotEqualTo(cut.seen().get(1));
  }

  @Test
  void whatFittingChangesHasALine() {
    RgbFrame wide = new RgbFrame(200, 100, new byte[60_000]);
    FrameSize square = new FrameSize(64, 64);
    assertThat(ClipPictures.notes(wide, Fit.CROP, square))
        .containsExactly("is 200x100: to fill frames of 64x64, 50% of it is cut off at two sides");
    assertThat(ClipPictures.notes(wide, Fit.PAD, square))
        .containsExactly("is 200x100: 50% of frames of 64x64 stay black");
    assertThat(ClipPictures.notes(wide, Fit.STRETCH, square))
        .containsExactly("is 200x100: to fill frames of 64x64, its aspect changes by 50%");
    assertThat(ClipPictures.notes(new RgbFrame(1, 1, new byte[3]), Fit.CROP, square))
        .containsExactly("is 1x1, made 64.0 times as large for frames of 64x64");
    assertThat(ClipPictures.notes(new RgbFrame(64, 64, new byte[12288]), Fit.CROP, square))
        .isEmpty();
  }

  @Test
  void picturesAndModelsThatDoNotGoTogetherAreNamed() throws IOException {
    assertThatThrownBy(() -> brief("a.mp4").picture(null).build(files.model()))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("tiny-wan-i2v begins with a picture")
        .hasMessageContaining("--init-img");
    assertThatThrownBy(
            () -> brief("a.mp4").picture(null).set(Settings.END_IMG, right).build(files.model()))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("none to begin with");
    assertThatThrownBy(
            () -> brief("a.mp4").frames(1).set(Settings.END_IMG, right).build(files.model()))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("at least 5 frames");
    use(ModelSelection.none());
    assertThatThrownBy(() -> brief("a.mp4").build(files.model()))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("tiny-wan makes clips from a prompt alone")
        .hasMessageContaining("tiny-wan-i2v, ")
        .hasMessageContaining(", wan2.2-i2v-a14b");
  }

  @Test
  void aDamagedPictureIsToldBeforeAnyWork() throws IOException {
    byte[] png = Files.readAllBytes(left);
    Files.write(left, Arrays.copyOf(png, png.length / 2));
    List<Stage> started = new ArrayList<>();
    GenerationListener listener =
        new GenerationListener() {
          @Override
          public void stageStarted(Stage stage, int total) {
            started.add(stage);
          }

          @Override
          public void progress(Stage stage, double done, int total) {}
        };
    GenerationRequest request = brief("a.mp4").build(files.model());
    assertThatThrownBy(
            () -> pipeline.generate(request, RunOptions.defaults().withListener(listener)))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("left.png: is a damaged PNG");
    assertThat(started).isEmpty();
  }
}
