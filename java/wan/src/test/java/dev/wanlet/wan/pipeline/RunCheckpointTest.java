// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.files.AtomicFile;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanCondition.Control;
import dev.wanlet.wan.sampling.SamplerState;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.wan.sampling.cache.CacheState;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A saved run comes back as it was, or is refused. */
class RunCheckpointTest {
  private static final Shape SHAPE = Shape.of(2, 1, 2, 3);

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = RunCheckpoint.fileFor(folder.resolve("clip.mp4"));
  }

  private static RunCheckpoint run(int step, float value, float remembered) {
    float[] latents = new float[(int) SHAPE.elements()];
    Arrays.fill(latents, value);
    float[] history = latents.clone();
    history[3] = remembered;
    return new RunCheckpoint(
        VideoMetadata.builder().put("seed", 7L).put("prompt", "a red circle").build(),
        SHAPE,
        latents,
        new SamplerState(
            SamplingMethod.UNIPC, step, new float[] {1, 0.6f, 0.3f, 0}, List.of(history)),
        List.of(history.clone()));
  }

  @Test
  void whatIsSavedComesBack() throws IOException {
    RunCheckpoint saved = run(2, 0.25f, -1);
    saved.save(file);
    RunCheckpoint loaded = RunCheckpoint.load(file);
    assertThat(loaded.settings()).isEqualTo(saved.settings());
    assertThat(loaded.shape()).isEqualTo(SHAPE);
    assertThat(loaded.latents()).isEqualTo(saved.latents());
    assertThat(loaded.sampler().nextStep()).isEqualTo(2);
    assertThat(loaded.sampler().sigmas()).isEqualTo(saved.sampler().sigmas());
    assertThat(loaded.guidance().get(0)).isEqualTo(saved.guidance().get(0));
    assertThat(loaded.sampler().history().get(0)).isEqualTo(saved.sampler().history().get(0));
    assertThat(Files.size(file)).isLessThanOrEqualTo(RunCheckpoint.roomBytes(SHAPE, 0));
  }

  private static RunCheckpoint shown(WanCondition shown) {
    RunCheckpoint run = run(1, 0.5f, 0);
    return new RunCheckpoint(
        run.settings(),
        SHAPE,
        run.latents(),
        run.sampler(),
        run.guidance(),
        CacheState.NONE,
        shown);
  }

  @Test
  void whatTheTransformerIsShownComesBackToo() throws IOException {
    shown(new WanCondition(new float[] {1, -2}, new float[] {3})).save(file);
    WanCondition pictures = RunCheckpoint.load(file).shown();
    assertThat(pictures.channels()).containsExactly(1, -2);
    assertThat(pictures.features()).containsExactly(3);
    assertThat(pictures.control()).isEqualTo(Control.NONE);
    shown(new WanCondition(new Control(new float[] {4, 5, 6}, 0.7f))).save(file);
    WanCondition control = RunCheckpoint.load(file).shown();
    assertThat(control.control().channels()).containsExactly(4, 5, 6);
    assertThat(control.control().strength()).isEqualTo(0.7f);
    assertThat(control.channels()).isEmpty();
    // A name that is damaged loses its tensor.
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    for (String lost : List.of("control.0", "control.1")) {
      Files.writeString(file, text.replace(lost, "kontrol.0"), StandardCharsets.ISO_8859_1);
      assertThatThrownBy(() -> RunCheckpoint.load(file))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("damaged saved run");
    }
    shown(new WanCondition(new Control(new float[] {Float.NaN}, 1))).save(file);
    assertThatThrownBy(() -> RunCheckpoint.load(file)).hasMessageContaining("NaN");
  }

  @Test
  void numbersThatAreNoneAndStepsThatCannotBeAreDamage() throws IOException {
    List<RunCheckpoint> damaged =
        List.of(
            run(2, Float.NaN, 0),
            run(2, 0, Float.POSITIVE_INFINITY),
            run(-1, 0, 0),
            run(4, 0, 0),
            new RunCheckpoint(
                run(1, 0, 0).settings(),
                Shape.of(12),
                new float[12],
                run(1, 0, 0).sampler(),
                List.of()),
            new RunCheckpoint(
                run(1, 0, 0).settings(),
                Shape.of(1, 1, 2, 3),
                new float[6],
                run(1, 0, 0).sampler(),
                List.of()),
            new RunCheckpoint(
                run(1, 0, 0).settings(),
                SHAPE,
                run(1, 0, 0).latents(),
                run(1, 0, 0).sampler(),
                List.of(new float[6])));
    for (RunCheckpoint each : damaged) {
      each.save(file);
      assertThatThrownBy(() -> RunCheckpoint.load(file))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("damaged saved run")
          .hasMessageContaining(file.toString());
    }
  }

  @Test
  void everyByteCounts() throws IOException {
    run(2, 0.25f, -1).save(file);
    byte[] whole = Files.readAllBytes(file);
    Random random = new Random(1);
    int refused = 0;
    for (int i = 0; i < 200; i++) {
      byte[] damaged = whole.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
      Files.write(file, damaged);
      try {
        RunCheckpoint loaded = RunCheckpoint.load(file);
        // Spaces and names of entries that nothing hangs on.
        assertThat(loaded.latents()).isEqualTo(run(2, 0.25f, -1).latents());
        assertThat(loaded.settings()).isEqualTo(run(2, 0.25f, -1).settings());
      } catch (WeightFormatException e) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(150);
    for (int length : new int[] {0, 1, 7, 8, 100, whole.length - 1}) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> RunCheckpoint.load(file)).isInstanceOf(WeightFormatException.class);
    }
  }

  @Test
  void filesOfOtherVersionsAreKnownApart() throws IOException {
    run(2, 0.25f, -1).save(file);
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    String newer = text.replace("\"wanlet.saved_run\":\"1\"", "\"wanlet.saved_run\":\"2\"");
    Files.writeString(file, newer, StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> RunCheckpoint.load(file))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("of format 2, this version reads 1");
    // Before there was a checksum.
    String older = text.replace("wanlet.crc32c", "wanlet.______");
    older = older.replace("wanlet.saved_run", "wanlet._________");
    Files.writeString(file, older, StandardCharsets.ISO_8859_1);
    assertThat(RunCheckpoint.load(file).sampler().nextStep()).isEqualTo(2);
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      writer.declare("latents", StoredType.F32, Shape.of(0));
      writer.commit();
    }
    assertThatThrownBy(() -> RunCheckpoint.load(file))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("not a saved run");
  }

  @Test
  void namesLeadBackToTheClip() throws IOException {
    Path clip = folder.resolve("clip.v2.mp4");
    for (int place : new int[] {1, 2, 17}) {
      Path saved = RunCheckpoint.fileFor(clip, place);
      run(1, 0, 0).save(new AtomicFile(saved), clip);
      assertThat(RunCheckpoint.outputOf(saved)).contains(clip);
      run(1, 0, 0).save(saved);
      assertThat(RunCheckpoint.outputOf(saved)).contains(clip);
    }
    Path renamed = folder.resolve("renamed.safetensors");
    run(1, 0, 0).save(new AtomicFile(renamed), clip);
    assertThat(RunCheckpoint.outputOf(renamed)).isEmpty();
    Path moved = RunCheckpoint.fileFor(folder.resolve("other.mp4"));
    run(1, 0, 0).save(new AtomicFile(moved), clip);
    assertThat(RunCheckpoint.outputOf(moved)).contains(folder.resolve("other.mp4"));
  }
}
