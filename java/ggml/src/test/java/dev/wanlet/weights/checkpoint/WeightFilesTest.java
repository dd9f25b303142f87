// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.gguf.GgufBytes;
import dev.wanlet.weights.gguf.GgufFile;
import dev.wanlet.weights.gguf.GgufValue;
import dev.wanlet.weights.safetensors.SafetensorsBytes;
import dev.wanlet.weights.write.GgufWriter;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightFilesTest {
  @TempDir Path dir;

  /** A file written by the safetensors library of Python. */
  @Test
  void readsAFileOfTheReferenceWriter() throws Exception {
    Path path = fixture("inputs.bin");
    try (WeightSource source = WeightFiles.open(path)) {
      assertThat(source.tensors())
          .extracting(WeightTensor::toString)
          .containsExactly(
              "x0 F32 [4, 2, 2, 3]", "noise F32 [4, 2, 2, 3]", "renoise F32 [4, 4, 2, 2, 3]");
      assertThat(source.require("x0").toFloats()).startsWith(0.49104452f, 0.57809293f, 0.4948222f);
      float[] part = new float[4];
      source.require("renoise").readFloats(191, part, 2, 1);
      assertThat(part).containsExactly(0, 0, -0.57912308f, 0);
      assertThat(source.description()).isEqualTo(path.toString());
    }
  }

  @Test
  void recognisesGgufByContent() throws Exception {
    Path path = dir.resolve("model.safetensors");
    try (GgufWriter writer = GgufWriter.create(path)) {
      writer.put("general.architecture", GgufValue.of("wan"));
      writer.commit();
    }
    try (WeightSource source = WeightFiles.open(path)) {
      assertThat(source).isInstanceOf(GgufFile.class);
    }
    assertThat(WeightFormat.detect(path)).isEqualTo(WeightFormat.GGUF);
  }

  @ParameterizedTest
  @CsvSource({
    "'PK\u0003\u0004xyz', zip archive has no table of contents",
    "'\u0080\u0002}q', unsupported file type: a Python pickle",
    "'tjgg....', from before GGUF",
    "'version https://git-lfs.github.com/spec/v1', Git LFS pointer",
    "' <!DOCTYPE html><html>', a web page",
    "'hello, world', not a known weight file",
    "'{\"a\": 1}', no 'weight_map'",
    "'GGUF', truncated",
    "'', empty"
  })
  void namesWhatAFileIsThatCannotBeRead(String content, String message) throws Exception {
    Path path = dir.resolve("model.bin");
    Files.write(path, content.getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> WeightFiles.open(path))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageStartingWith(path.toString())
        .hasMessageContaining(message);
  }

  @Test
  void picksTheOneFileOfADirectory() throws Exception {
    assertThatThrownBy(() -> WeightFiles.open(dir.resolve("none")))
        .isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> WeightFiles.open(dir))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("it holds: no files");
    Files.writeString(dir.resolve("config.json"), "{}");
    assertThatThrownBy(() -> WeightFiles.open(dir)).hasMessageContaining("holds: config.json");
    Files.move(fixture("inputs.bin"), dir.resolve("a.safetensors"));
    try (WeightSource source = WeightFiles.open(dir)) {
      assertThat(source.find("x0")).isPresent();
    }
    Files.copy(dir.resolve("a.safetensors"), dir.resolve("b.SAFETENSORS"));
    assertThatThrownBy(() -> WeightFiles.open(dir))
        .hasMessageContaining("2 weight files")
        .hasMessageContaining("a.safetensors, b.SAFETENSORS");
  }

  @Test
  void opensShardsWithoutAnIndexOnlyTogether() throws Exception {
    Path first = shard("m-00001-of-00002.safetensors", "a");
    assertThatThrownBy(() -> WeightFiles.open(first))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("only a part")
        .hasMessageContaining("m-00002-of-00002.safetensors");
    Path second = shard("m-00002-of-00002.safetensors", "b");
    for (Path path : new Path[] {first, second, dir}) {
      try (WeightSource source = WeightFiles.open(path)) {
        assertThat(source.tensors()).extracting(WeightTensor::name).containsExactly("a", "b");
      }
    }
    shard("n-00001-of-00002.safetensors", "a");
    assertThatThrownBy(() -> WeightFiles.open(dir)).hasMessageContaining("2 weight files");
  }

  @Test
  void opensSplitGgufOnlyTogether() throws Exception {
    for (int i = 1; i <= 2; i++) {
      try (GgufWriter writer = GgufWriter.create(dir.resolve("m-0000" + i + "-of-00002.gguf"))) {
        writer.put("split.count", GgufValue.u32(2));
        writer.declare("t" + i, TensorType.F32, Shape.of(1));
        writer.append("t" + i, ByteBuffer.allocate(4));
        writer.commit();
      }
    }
    try (WeightSource source = WeightFiles.open(dir.resolve("m-00002-of-00002.gguf"))) {
      assertThat(source.tensors()).hasSize(2);
    }
    Path renamed = Files.copy(dir.resolve("m-00001-of-00002.gguf"), dir.resolve("lone.gguf"));
    assertThatThrownBy(() -> WeightFiles.open(renamed))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("one of the 2 files");
  }

  @Test
  void findsTheSnapshotOfAHuggingFaceCache() throws Exception {
    Path model = dir.resolve("models--a--b");
    Path blob = Files.createDirectories(model.resolve("blobs")).resolve("0a1b");
    Files.move(shard("x.safetensors", "w"), blob);
    Path old = Files.createDirectories(model.resolve("snapshots/1111"));
    Files.writeString(old.resolve("old.safetensors"), "old");
    Path current = Files.createDirectories(model.resolve("snapshots/2222"));
    Files.createSymbolicLink(current.resolve("m.safetensors"), Path.of("../../blobs/0a1b"));
    assertThatThrownBy(() -> WeightFiles.open(model)).hasMessageContaining("2 snapshots");
    Files.createDirectories(model.resolve("refs"));
    Files.writeString(model.resolve("refs/main"), "2222\n");
    for (Path path : new Path[] {model, current, current.resolve("m.safetensors"), blob}) {
      try (WeightSource source = WeightFiles.open(path)) {
        assertThat(source.find("w")).isPresent();
      }
    }
    Files.delete(blob);
    assertThatThrownBy(() -> WeightFiles.open(model))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("points nowhere");
  }

  private Path shard(String name, String tensor) throws Exception {
    return Files.write(dir.resolve(name), new SafetensorsBytes().names(tensor).bytes());
  }

  /** A sparse 5 GiB file: the second tensor starts beyond 4 GiB. */
  @Test
  void readsTensorsBeyondFourGibibytes() throws Exception {
    Path path = dir.resolve("large.gguf");
    long elements = (1L << 30) + 32;
    byte[] header =
        GgufBytes.header(3, 2, 0)
            .tensor("large", 0, 0, 32, elements / 32)
            .tensor("far", 0, 4 * elements, 2)
            .padTo(32)
            .bytes();
    try (FileChannel channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.write(ByteBuffer.wrap(header), 0);
      byte[] last = new GgufBytes().floats(5, 6, 7).bytes(); // of "large", then all of "far"
      channel.write(ByteBuffer.wrap(last), header.length + 4 * (elements - 1));
    }
    try (WeightSource source = WeightFiles.open(path)) {
      assertThat(source.require("far").offset()).isGreaterThan(1L << 32);
      assertThat(source.require("far").toFloats()).containsExactly(6, 7);
      WeightTensor large = source.require("large");
      float[] end = new float[3];
      large.readFloats(elements - 3, end, 0, 3);
      assertThat(end).containsExactly(0, 0, 5);
      assertThatThrownBy(large::buffer).hasMessageContaining("at most 2 GiB");
      assertThatThrownBy(() -> large.readFloats(elements - 1, end, 0, 2))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  private Path fixture(String name) throws Exception {
    Path path = dir.resolve(name);
    try (InputStream in = getClass().getResourceAsStream("golden-schedulers-inputs.safetensors")) {
      Files.copy(in, path);
    }
    return path;
  }
}
