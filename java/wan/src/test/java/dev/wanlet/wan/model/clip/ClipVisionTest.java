// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.ShapeException;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.model.GoldenTensors;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.checkpoint.ClipNames;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The vision tower against itself; parity holds it against the reference. */
class ClipVisionTest {
  private static final int HEADS = 2;

  @TempDir private Path temporary;
  private int liveBefore;
  private Backend backend;
  private WeightSource weights;
  private ClipConfig config;
  private final List<float[]> pictures = List.of(picture(1), picture(2));

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    backend.setThreads(1); // tiny graphs: a second thread would mostly wait
    weights = ClipNames.apart(GoldenTensors.open("golden/clip/weights.safetensors"));
    config = ClipConfig.infer(weights).with(HEADS, 2);
  }

  @AfterEach
  void nothingLeaks() {
    weights.close();
    assertThat(backend.deviceMemory().currentBytes()).isZero();
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private static float[] picture(long seed) {
    Random random = new Random(seed);
    float[] picture = new float[3 * 56 * 56];
    for (int i = 0; i < picture.length; i++) {
      picture[i] = random.nextFloat() * 2 - 1;
    }
    return picture;
  }

  private ClipVision resident(WeightSource source) throws IOException {
    return ClipVision.open(backend, source, config, Precision.F32, Placement::allResident);
  }

  private ClipVision streamed() throws IOException {
    return ClipVision.open(
        backend, weights, config, Precision.F32, n -> Placement.allStreamed(n, 1));
  }

  @Test
  void readsItsNumbersOffTheShapesAndLeavesTheLastBlockOut() throws IOException {
    assertThat(ClipConfig.infer(weights)).isEqualTo(new ClipConfig(14, 4, 64, 256, 1, 2));
    assertThat(ClipConfig.VIT_H_14.tokens()).isEqualTo(257);
    assertThat(ClipConfig.VIT_H_14.imageSize()).isEqualTo(224);
    assertThat(ClipConfig.VIT_H_14.headDim()).isEqualTo(ClipConfig.HEAD_DIM);
  }

  @Test
  void streamedAndTogetherEqualResidentAndAlone() throws IOException {
    try (ClipVision tower = resident(weights);
        ClipVision streamed = streamed()) {
      List<float[]> both = streamed.encode(pictures);
      for (int i = 0; i < pictures.size(); i++) {
        assertThat(both.get(i)).isEqualTo(tower.encode(pictures.subList(i, i + 1)).get(0));
      }
      assertThat(both.get(0)).hasSize(17 * 64).isNotEqualTo(both.get(1));
    }
  }

  @Test
  void takesTheMemoryThatWasPlanned() throws IOException {
    for (int count = 1; count <= 2; count++) {
      ClipMemory plan = ClipMemory.plan(backend.device(), config, count, TypePolicy.ALL_F32, 1);
      backend.deviceMemory().resetPeak();
      try (ClipVision tower = streamed()) {
        tower.encode(pictures.subList(0, count));
      }
      assertThat(backend.deviceMemory().peakBytes())
          .as("%d pictures", count)
          .isEqualTo(plan.peakBytes(plan.blockBytes().get(0)));
    }
  }

  @Test
  void theRealSizeIsSmallBesideAnyTransformer() {
    TypePolicy half = (name, rows, columns) -> TensorType.F16;
    ClipMemory plan = ClipMemory.plan(backend.device(), ClipConfig.VIT_H_14, 2, half, 2);
    assertThat(plan.blockBytes()).hasSize(31);
    assertThat(plan.peakBytes(2 * plan.blockBytes().get(0))).isLessThan(128L << 20);
  }

  @Test
  void aFileWithHuggingFaceNamesGivesTheSameFeatures() throws IOException {
    Path file = temporary.resolve("clip_vision_h.safetensors");
    writeAsHuggingFace(file);
    try (Checkpoint checkpoint = Checkpoint.open(file);
        WeightSource apart = ClipNames.apart(checkpoint.source());
        ClipVision tower = resident(weights);
        ClipVision other = resident(apart)) {
      assertThat(checkpoint.kind()).isEqualTo(CheckpointKind.IMAGE_ENCODER);
      assertThat(other.encode(pictures).get(1)).isEqualTo(tower.encode(pictures).get(1));
    }
  }

  @Test
  void aPictureOfAnotherSizeIsRefused() throws IOException {
    try (ClipVision tower = resident(weights)) {
      assertThatThrownBy(() -> tower.encode(List.of(new float[12])))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("12 values, expected [3, 56, 56]");
    }
  }

  @Test
  void aTowerWithoutPositionsIsRefusedByName() throws IOException {
    try (WeightSource half = weights.filtered(name -> !name.equals("pos_embedding"))) {
      assertThatThrownBy(() -> ClipConfig.infer(half))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("pos_embedding");
    }
  }

  private void writeAsHuggingFace(Path file) throws IOException {
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    for (WeightTensor tensor : weights.tensors()) {
      if (!tensor.name().equals("head")) {
        tensors.put(huggingFace(tensor.name()), tensor);
      }
    }
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      tensors.forEach(
          (name, tensor) -> writer.declare(name, StoredType.of(TensorType.F32), shape(tensor)));
      for (Map.Entry<String, WeightTensor> entry : tensors.entrySet()) {
        float[] values = entry.getValue().toFloats();
        ByteBuffer bytes =
            ByteBuffer.allocateDirect(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        writer.append(entry.getKey(), bytes);
      }
      writer.commit();
    }
  }

  /** Hugging Face drops the dimensions of length 1. */
  private static Shape shape(WeightTensor tensor) {
    return Shape.of(Arrays.stream(tensor.shape().dims()).filter(d -> d != 1).toArray());
  }

  private static String huggingFace(String name) {
    return "vision_model."
        + name.replace("cls_embedding", "embeddings.class_embedding")
            .replace("patch_embedding", "embeddings.patch_embedding")
            .replace("pos_embedding", "embeddings.position_embedding.weight")
            .replace("pre_norm", "pre_layrnorm")
            .replace("post_norm", "post_layernorm")
            .replace("transformer.", "encoder.layers.")
            .replaceFirst("attn\\.([qkv])\\.", "self_attn.$1_proj.")
            .replace("attn.proj", "self_attn.out_proj")
            .replaceFirst("\\.norm([12])\\.", ".layer_norm$1.")
            .replace("mlp.0", "mlp.fc1")
            .replace("mlp.2", "mlp.fc2");
  }
}
