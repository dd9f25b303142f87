// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.internal.NativeHandle;
import dev.wanlet.weights.checkpoint.WeightFiles;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightSourceTest {
  @TempDir Path dir;
  private int liveBefore;

  @BeforeEach
  void countHandles() {
    liveBefore = NativeHandle.liveCount();
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(NativeHandle.liveCount()).isEqualTo(liveBefore);
  }

  @Test
  void unionHoldsAllPartsAndRefusesDoubles() throws Exception {
    WeightSource first = source("1", 1, "a", "b");
    try (WeightSource both = WeightSource.union(List.of(first, source("2", 2, "c")))) {
      assertThat(names(both)).containsExactly("a", "b", "c");
      assertThat(both.files()).hasSize(2);
      assertThat(both.metadata()).containsEntry("part", "2");
      assertThatThrownBy(() -> both.require("d")).hasMessageContaining("1 more files");
      try (WeightSource third = source("3", 3, "b")) {
        assertThatThrownBy(() -> WeightSource.union(List.of(both, third)))
            .isInstanceOf(WeightFormatException.class)
            .hasMessageContaining("'b' is also in");
      }
    }
    assertThatThrownBy(() -> first.require("a").toFloats())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is closed");
  }

  @Test
  void overlayReplacesEarlierTensors() throws Exception {
    try (WeightSource overlay =
        WeightSource.overlay(source("1", 1, "a", "b"), source("2", 2, "b", "c"))) {
      assertThat(names(overlay)).containsExactly("a", "b", "c");
      assertThat(overlay.require("a").toFloats()).containsExactly(1);
      assertThat(overlay.require("b").toFloats()).containsExactly(2);
      assertThat(overlay.require("b").file()).hasFileName("2.safetensors");
    }
  }

  @Test
  void namesCanBeChangedAndChosen() throws Exception {
    try (WeightSource source =
        source("1", 1, "model.diffusion_model.a", "model.diffusion_model.b", "other")
            .withoutPrefix("model.diffusion_model.")
            .filtered(name -> !name.equals("b"))) {
      assertThat(names(source)).containsExactly("a", "other");
      assertThat(source.require("a").name()).isEqualTo("a");
      assertThat(source.find("b")).isEmpty();
    }
    try (WeightSource source = source("2", 1, "x.a", "a")) {
      assertThatThrownBy(() -> source.withoutPrefix("x."))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("'x.a' and 'a' are both 'a'");
    }
  }

  @Test
  void opensShardsByTheirIndex() throws Exception {
    source("model-1", 1, "a", "b").close();
    source("model-2", 2, "b", "c").close();
    // b is in both files: the index decides.
    index(
        "\"a\":\"model-1.safetensors\",\"b\":\"model-2.safetensors\",\"c\":\"model-2.safetensors\"");
    try (WeightSource source = WeightFiles.open(dir)) {
      assertThat(names(source)).containsExactly("a", "b", "c");
      assertThat(source.require("b").toFloats()).containsExactly(2);
      assertThat(source.files()).hasSize(2);
    }
  }

  @Test
  void saysWhatIsWrongWithAnIndex() throws Exception {
    source("model-1", 1, "a").close();
    assertIndexRefused("\"a\":\"model-1.safetensors\",\"b\":\"model-2.safetensors\"", "model-2");
    assertIndexRefused("\"a\":\"model-1.safetensors\",\"z\":\"model-1.safetensors\"", "'z'");
    assertIndexRefused("\"a\":\"../model-1.safetensors\"", "beside the index");
    assertIndexRefused("\"a\":\"..\"", "beside the index");
    assertIndexRefused("\"a\":\"C:\\\\x\"", "beside the index");
    assertIndexRefused("\"a\":1", "not a string");
    assertIndexRefused("\"a\":\"model-1.safetensors\",\"a\":\"model-1.safetensors\"", "twice");
    assertIndexRefused("", "no 'weight_map' with tensors");
    Files.writeString(dir.resolve("bad.json"), "{\"weight_map\":{}");
    assertThatThrownBy(() -> WeightFiles.open(dir.resolve("bad.json")))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("not valid JSON");
  }

  private void assertIndexRefused(String weightMap, String part) throws IOException {
    Path index = index(weightMap);
    assertThatThrownBy(() -> WeightFiles.open(index))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageStartingWith(index.toString())
        .hasMessageContaining(part);
  }

  private Path index(String weightMap) throws IOException {
    return Files.writeString(
        dir.resolve("model.safetensors.index.json"),
        "{\"metadata\":{\"total_size\":4},\"weight_map\":{" + weightMap + "}}");
  }

  private static List<String> names(WeightSource source) {
    return source.tensors().stream().map(WeightTensor::name).toList();
  }

  private WeightSource source(String name, float value, String... tensors) throws IOException {
    Path path = dir.resolve(name + ".safetensors");
    try (SafetensorsWriter writer = SafetensorsWriter.create(path)) {
      writer.put("part", name);
      for (String tensor : tensors) {
        writer.declare(tensor, StoredType.F32, Shape.of(1));
      }
      for (String tensor : tensors) {
        ByteBuffer bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
        writer.append(tensor, bytes.putFloat(0, value));
      }
      writer.commit();
    }
    return WeightFiles.open(path);
  }
}
