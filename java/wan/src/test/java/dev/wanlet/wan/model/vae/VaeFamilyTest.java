// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.model.GoldenTensors;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.frames.ConvMethod;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.WeightFiles;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The description of a VAE that network, plan and checkpoint follow. */
class VaeFamilyTest {
  @TempDir Path folder;

  static List<VaeConfig> configs() {
    return List.of(
        Vae21.INSTANCE.config(8, 8, 16),
        Vae21.INSTANCE.config(4, 6, 16),
        Vae22.INSTANCE.config(8, 8, 48),
        Vae22.INSTANCE.config(4, 6, 48),
        new VaeConfig(
            Vae22.INSTANCE,
            2,
            3,
            5,
            List.of(1, 2, 2),
            1,
            List.of(false, true),
            Collections.nCopies(5, 0f),
            Collections.nCopies(5, 1f)),
        new VaeConfig(
            Vae21.INSTANCE,
            2,
            2,
            3,
            List.of(1, 3, 5),
            1,
            List.of(true, false),
            Collections.nCopies(3, 0f),
            Collections.nCopies(3, 1f)));
  }

  @Test
  void describesTheReferencesCheckpoint() throws IOException {
    for (VaeFamily family : List.of(Vae21.INSTANCE, Vae22.INSTANCE)) {
      String folder = "golden/vae" + family.version().replace(".", "");
      try (WeightSource weights = GoldenTensors.open(folder + "/weights.safetensors")) {
        Map<String, Shape> stored = new LinkedHashMap<>();
        weights.tensors().forEach(t -> stored.put(t.name(), t.shape()));
        assertThat(family.infer(weights).tensors()).containsExactlyInAnyOrderEntriesOf(stored);
      }
    }
  }

  /** Wan2.2_VAE.pth: 2.82 GB in F32. */
  @Test
  void thePublishedModelOfWan22HasItsPublishedSize() {
    VaeConfig config = Vae22.INSTANCE.config(160, 256, 48);
    assertThat(config.tensors().values().stream().mapToLong(Shape::elements).sum())
        .isBetween(704_000_000L, 705_500_000L);
    assertThat(config.spatialFactor()).isEqualTo(16);
    assertThat(config.temporalFactor()).isEqualTo(4);
  }

  @Test
  void aLevelWhoseShortcutIsNotKnownIsNamed() throws IOException {
    VaeConfig odd =
        new VaeConfig(
            Vae22.INSTANCE,
            2,
            2,
            5,
            List.of(1, 2, 6),
            1,
            List.of(false, true),
            Collections.nCopies(5, 0f),
            Collections.nCopies(5, 1f));
    try (WeightSource weights = written(odd)) {
      assertThatThrownBy(() -> Vae22.INSTANCE.infer(weights))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("encoder.downsamples.2")
          .hasMessageContaining("12 channels of 4");
    }
  }

  /** Wan2.1_VAE.pth: 507.6 MB in F32. */
  @Test
  void thePublishedModelHasItsPublishedSize() {
    Map<String, Shape> tensors = Vae21.INSTANCE.config(96, 96, 16).tensors();
    assertThat(tensors).hasSize(194);
    assertThat(tensors.values().stream().mapToLong(Shape::elements).sum()).isEqualTo(126_892_531L);
  }

  @ParameterizedTest
  @MethodSource("configs")
  void everyLayerTakesWhatTheOneBeforeHandsOn(VaeConfig config) {
    for (VaeHalf half : List.of(config.encoder(), config.decoder())) {
      int channels = half.entry().convolution().out();
      int side = half.entrySide(3);
      int lastSide = half.posterior().isPresent() ? 3 : 3 * half.spatialFactor();
      for (FrameLayer.Spec layer : half.layers()) {
        assertThat(layer.in()).as(layer.name()).isEqualTo(channels);
        assertThat(layer.name()).startsWith(half.name() + ".");
        channels = layer.out();
        side = layer.geometry().resized(side);
      }
      assertThat(half.head().in()).isEqualTo(channels);
      assertThat(side).isEqualTo(lastSide);
    }
    assertThat(config.encoder().spatialFactor() * config.family().patch())
        .isEqualTo(config.spatialFactor());
    assertThat(config.encoder().temporalFactor()).isEqualTo(config.temporalFactor());
  }

  @ParameterizedTest
  @MethodSource("configs")
  void computesWithExactlyTheStoredTensors(VaeConfig config) {
    for (ConvMethod method : ConvMethod.values()) {
      VaeSettings settings = new VaeSettings(1, 1, false, Precision.AUTO, method, 1, 0);
      for (VaeHalf half : List.of(config.encoder(), config.decoder())) {
        Map<String, Shape> read = new LinkedHashMap<>();
        for (TensorSpec spec : half.layout(settings).specs()) {
          read.put(spec.name(), spec.sourceShape());
        }
        assertThat(read).containsExactlyEntriesOf(half.stored());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("configs")
  void sizesAreReadBackFromWhatIsDescribed(VaeConfig config) throws IOException {
    try (WeightSource weights = written(config)) {
      VaeFamily family = config.family();
      assertThat(family.infer(weights)).isEqualTo(config);
      VaeConfig decoder = family.infer(weights.filtered(n -> n.startsWith("decoder.")));
      assertThat(decoder.decoder()).isEqualTo(config.decoder());
      VaeConfig encoder = family.infer(weights.filtered(n -> n.startsWith("encoder.")));
      assertThat(encoder.encoder()).isEqualTo(config.encoder());
    }
  }

  @Test
  void aCheckpointTellsItsFamily() throws IOException {
    VaeConfig config = Vae21.INSTANCE.config(4, 4, 16);
    try (Checkpoint checkpoint = Checkpoint.of(written(config))) {
      assertThat(VaeFamily.infer(checkpoint)).contains(config);
    }
    VaeConfig other = Vae22.INSTANCE.config(4, 4, 48);
    try (Checkpoint checkpoint = Checkpoint.of(written(other))) {
      assertThat(VaeFamily.infer(checkpoint)).contains(other);
    }
    assertThat(VaeFamily.of("2.1")).contains(Vae21.INSTANCE);
    assertThat(VaeFamily.of("2.2")).contains(Vae22.INSTANCE);
    assertThat(VaeFamily.of("9.9")).isEmpty();
  }

  @Test
  void aTensorThatIsNoKernelIsNamed() throws IOException {
    Path file = folder.resolve("flat.safetensors");
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      append(writer, Map.of("encoder.conv1.weight", Shape.of(8)));
    }
    try (WeightSource weights = WeightFiles.open(file)) {
      assertThatThrownBy(() -> Vae21.INSTANCE.infer(weights))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("encoder.conv1.weight")
          .hasMessageContaining("[8]");
    }
  }

  private WeightSource written(VaeConfig config) throws IOException {
    Path file = folder.resolve("vae.safetensors");
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      append(writer, config.tensors());
    }
    return WeightFiles.open(file);
  }

  private static void append(SafetensorsWriter writer, Map<String, Shape> tensors)
      throws IOException {
    tensors.forEach((name, shape) -> writer.declare(name, StoredType.F16, shape));
    for (Map.Entry<String, Shape> tensor : tensors.entrySet()) {
      int bytes = Math.toIntExact(2 * tensor.getValue().elements());
      writer.append(tensor.getKey(), ByteBuffer.allocateDirect(bytes));
    }
    writer.commit();
  }
}
