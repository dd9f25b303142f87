// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static dev.wanlet.wan.pipeline.Clips.assertSameFrames;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.transformer.WanVariant;
import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.FirstFrame;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.wan.sampling.cache.CacheKind;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Clips of a small model of the kind of Wan 2.2 TI2V-5B that begin with a picture; its weights are
 * random, so its frames mean nothing, but every byte of them is to be the same each time.
 */
class FirstFrameRunTest extends DemoRuns {
  private static final Path VAE = Path.of("src/test/resources/golden/vae22/weights.safetensors");
  private static final int LATENT_CHANNELS = 48;

  private Path picture;

  @BeforeEach
  void make() throws IOException {
    use(
        ModelSelection.none()
            .with(ModelPart.TRANSFORMER, transformer())
            .with(ModelPart.VAE, VAE.toAbsolutePath()));
    picture = drawn("red.png", Color.RED);
  }

  private Path drawn(String name, Color colour) throws IOException {
    BufferedImage image = new BufferedImage(90, 60, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setColor(colour);
    g.fillOval(20, 10, 40, 30);
    g.dispose();
    Path file = folder.resolve(name);
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  private Path transformer() throws IOException {
    WanConfig config =
        new WanConfig(WanVariant.TI2V, LATENT_CHANNELS, LATENT_CHANNELS, 128, 128, 256, 256, 3);
    NetworkLayout layout = WanTransformer.layout(config, TypePolicy.ALL_F32);
    Map<String, Shape> tensors = new LinkedHashMap<>();
    layout.outer().specs().forEach(s -> tensors.put(s.name(), s.sourceShape()));
    for (BlockSpec block : layout.blocks()) {
      for (TensorSpec spec : block.layout().specs()) {
        tensors.put(block.prefix() + spec.name(), spec.sourceShape());
      }
    }
    Path file = folder.resolve("transformer.safetensors");
    Random random = new Random(3);
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      tensors.forEach((name, shape) -> writer.declare(name, StoredType.F32, shape));
      for (Map.Entry<String, Shape> tensor : tensors.entrySet()) {
        int count = (int) tensor.getValue().elements();
        ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
        float mean = tensor.getKey().matches(".*norm.*weight") ? 1 : 0;
        for (int i = 0; i < count; i++) {
          bytes.putFloat(mean + 0.08f * (float) random.nextGaussian());
        }
        writer.append(tensor.getKey(), bytes.flip());
      }
      writer.commit();
    }
    return file;
  }

  private GenerationRequest.Builder request(String output) {
    return GenerationRequest.builder()
        .prompt("a red circle")
        .seed(5)
        .size(64, 64)
        .frames(9)
        .steps(3)
        .picture(picture)
        .output(folder.resolve(output))
        .compute(ONE_THREAD);
  }

  private GenerationResult generate(GenerationRequest.Builder request) throws IOException {
    return pipeline.generate(request.build(files.model()));
  }

  private static void assertSameFrames(GenerationResult actual, GenerationResult expected)
      throws IOException {
    assertThat(VideoReader.readAll(actual.output()))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(VideoReader.readAll(expected.output()));
  }

  private static float[] first(SamplingRun run) {
    return FirstFrame.of(run.latents(), LATENT_CHANNELS, 3).values();
  }

  @Test
  void thePictureIsTheFirstLatentFrameThroughAllSteps() throws IOException {
    try (OpenPipeline open = pipeline.open()) {
      float[] drawn;
      try (SamplingRun noise = open.start(request("text.gif").picture(null).build(files.model()))) {
        assertThat(noise.shape()).isEqualTo(Shape.of(LATENT_CHANNELS, 3, 4, 4));
        drawn = noise.latents();
      }
      FirstFrame ofNoise = FirstFrame.of(drawn, LATENT_CHANNELS, 3);
      // A method with noise of its own at every step would carry the frame away.
      GenerationRequest request =
          request("clip.gif").method(SamplingMethod.EULER_ANCESTRAL).build(files.model());
      try (SamplingRun run = open.start(request)) {
        float[] given = first(run);
        float[] all = run.latents();
        ofNoise.apply(all, 0);
        assertThat(all).isEqualTo(drawn);
        assertThat(given).isNotEqualTo(ofNoise.values());
        while (!run.isDone()) {
          float[] before = run.latents();
          run.step();
          assertThat(first(run)).isEqualTo(given);
          assertThat(run.latents()).isNotEqualTo(before);
        }
      }
    }
  }

  @Test
  void laterFramesDependOnThePicture() throws IOException {
    try (OpenPipeline open = pipeline.open()) {
      float[][] rest = new float[2][];
      Path[] pictures = {picture, drawn("blue.png", Color.BLUE)};
      for (int i = 0; i < rest.length; i++) {
        try (SamplingRun run =
            open.start(request(i + ".gif").picture(pictures[i]).build(files.model()))) {
          while (!run.isDone()) {
            run.step();
          }
          rest[i] = run.latents();
          new FirstFrame(new float[LATENT_CHANNELS * 16], LATENT_CHANNELS, 3).apply(rest[i], 0);
          assertThat(rest[i]).isNotEqualTo(rest[(i + 1) % 2]);
        }
      }
    }
  }

  @Test
  void aTightBudgetStreamsAndBandsToTheSameClip() throws IOException {
    GenerationResult free = generate(request("free.gif"));
    assertThat(free.stageSeconds().keySet())
        .containsExactly(Stage.TEXT, Stage.ENCODE, Stage.SAMPLE, Stage.DECODE);
    assertThat(free.measuredPeakBytes()).isLessThanOrEqualTo(free.plannedPeakBytes());
    long budget = smallestBudget();
    GenerationRequest.Builder request = request("tight.gif").compute(within(budget));
    RunPlan plan = pipeline.plan(request.build(files.model()));
    assertThat(plan.stage(Stage.SAMPLE).device().peak())
        .isLessThan(pipeline.plan(request("p.gif").build(files.model())).peakDeviceBytes());
    assertThat(plan.transformer().run().timesteps()).isEqualTo(2);
    GenerationResult tight = generate(request);
    assertThat(tight.measuredPeakBytes()).isLessThanOrEqualTo(budget);
    assertSameFrames(tight, free);
  }

  private long smallestBudget() throws IOException {
    long needed = 1;
    while (true) {
      try {
        pipeline.plan(request("p.gif").compute(within(needed)).build(files.model()));
        return needed;
      } catch (MemoryBudgetException e) {
        needed = e.neededBytes();
      }
    }
  }

  private static ComputeSettings within(long budget) {
    return new ComputeSettings(
        "CPU", OptionalInt.of(1), OptionalLong.of(budget), OptionalLong.empty(), Precision.AUTO);
  }

  @Test
  void aStoppedRunGoesOnToTheSameClipEvenWithoutThePicture() throws IOException {
    GenerationRequest.Builder cached =
        request("whole.gif").steps(9).set(Settings.CACHE, CacheKind.EASY);
    GenerationResult whole = generate(cached);
    GenerationRequest request = cached.output(folder.resolve("again.gif")).build(files.model());
    RunCheckpoint saved = Clips.stopped(pipeline, request);
    Files.delete(picture);
    GenerationRequest again =
        new SavedSettings(folder, saved.settings())
            .request(
                files.model(),
                SettingValues.NONE.with(Settings.THREADS, 1).with(Settings.DEVICE, "CPU"),
                request.output());
    assertThat(again.pictures().first()).contains(picture);
    GenerationResult resumed = pipeline.generate(again, RunOptions.defaults().resuming(saved));
    assertThat(resumed.stageSeconds().keySet()).doesNotContain(Stage.ENCODE);
    assertSameFrames(resumed, whole);
  }

  @Test
  void theFrameTakesThePicturesShapeAndIsFilled() {
    GenerationRequest request =
        GenerationRequest.builder()
            .prompt("a red circle")
            .picture(picture)
            .output(folder.resolve("a.mp4"))
            .build(files.model());
    // 90x60 in 1280x704 pixels, as the reference has it.
    assertThat(request.clip().size()).hasToString("1152x768");
    assertThat(request.pictures().fit()).isEqualTo(Fit.CROP);
  }

  @Test
  void whatGoesWithNoPictureIsRefused() {
    assertThatThrownBy(
            () -> request("a.gif").picture(null).set(Settings.FIT, Fit.PAD).build(files.model()))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("a way to fit pictures was given, but no picture");
    assertThatThrownBy(() -> request("a.gif").set(Settings.END_IMG, picture).build(files.model()))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("takes only one to begin with");
    assertThat(request("a.gif").picture(null).build(files.model()).find(Settings.FIT)).isEmpty();
  }
}
