// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.umt5.Umt5Config;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes safetensors files of real shapes without data: holes that take no room on the disk. */
final class FakeCheckpoint {
  private final Map<String, long[]> tensors = new LinkedHashMap<>();

  static FakeCheckpoint transformer(WanConfig c) {
    FakeCheckpoint file =
        new FakeCheckpoint()
            .add("patch_embedding.weight", c.dim(), c.inChannels(), 1, 2, 2)
            .add("text_embedding.0.weight", c.dim(), c.textDim())
            .add("time_embedding.0.weight", c.dim(), c.freqDim())
            .add("blocks.0.ffn.0.weight", c.ffnDim(), c.dim())
            .add("head.head.weight", c.outChannels() * 4L, c.dim());
    for (int i = 0; i < c.layers(); i++) {
      file.add("blocks." + i + ".self_attn.q.weight", c.dim(), c.dim());
    }
    return switch (c.variant()) {
      case VACE -> file.add("vace_patch_embedding.weight", c.dim(), 96, 1, 2, 2).controlBlocks(c);
      case FLF2V -> file.add("img_emb.emb_pos", 1, 514, 1280).imageEmbedding();
      case I2V -> file.imageEmbedding();
      default -> file;
    };
  }

  static FakeCheckpoint diffusersTransformer(WanConfig c) {
    FakeCheckpoint file =
        new FakeCheckpoint()
            .add("patch_embedding.weight", c.dim(), c.inChannels(), 1, 2, 2)
            .add("condition_embedder.text_embedder.linear_1.weight", c.dim(), c.textDim())
            .add("condition_embedder.time_embedder.linear_1.weight", c.dim(), c.freqDim())
            .add("blocks.0.ffn.net.0.proj.weight", c.ffnDim(), c.dim())
            .add("proj_out.weight", c.outChannels() * 4L, c.dim());
    for (int i = 0; i < c.layers(); i++) {
      file.add("blocks." + i + ".attn1.to_q.weight", c.dim(), c.dim());
    }
    return file;
  }

  static FakeCheckpoint vae(int latentChannels) {
    return new FakeCheckpoint()
        .add("decoder.conv1.weight", 384, latentChannels, 3, 3, 3)
        .add("decoder.upsamples.0.residual.2.weight", 384, 384, 3, 3, 3);
  }

  static FakeCheckpoint textEncoder(Umt5Config c) {
    return new FakeCheckpoint()
        .add("token_embedding.weight", c.vocab(), c.dim())
        .add("blocks.0.attn.q.weight", c.dimAttn(), c.dim());
  }

  static FakeCheckpoint huggingFaceTextEncoder(Umt5Config c) {
    return new FakeCheckpoint()
        .add("shared.weight", c.vocab(), c.dim())
        .add("encoder.block.0.layer.0.SelfAttention.q.weight", c.dimAttn(), c.dim());
  }

  private FakeCheckpoint controlBlocks(WanConfig c) {
    for (int i = 0; i < c.controlBlocks(); i++) {
      add("vace_blocks." + i + ".after_proj.weight", c.dim(), c.dim());
    }
    return this;
  }

  private FakeCheckpoint imageEmbedding() {
    return add("img_emb.proj.1.weight", 1280, 1280);
  }

  FakeCheckpoint add(String name, long... shape) {
    tensors.put(name, shape);
    return this;
  }

  FakeCheckpoint addAll(FakeCheckpoint other) {
    tensors.putAll(other.tensors);
    return this;
  }

  /** Every other tensor in the first file, the rest in the second. */
  void writeInTwo(Path first, Path second) throws IOException {
    FakeCheckpoint[] halves = {new FakeCheckpoint(), new FakeCheckpoint()};
    int i = 0;
    for (Map.Entry<String, long[]> tensor : tensors.entrySet()) {
      halves[i++ % 2].add(tensor.getKey(), tensor.getValue());
    }
    halves[0].write(first);
    halves[1].write(second);
  }

  FakeCheckpoint prefixed(String prefix) {
    FakeCheckpoint file = new FakeCheckpoint();
    tensors.forEach((name, shape) -> file.add(prefix + name, shape));
    return file;
  }

  Path write(Path path) throws IOException {
    StringBuilder json = new StringBuilder("{");
    long offset = 0;
    for (Map.Entry<String, long[]> tensor : tensors.entrySet()) {
      long bytes = 2 * Arrays.stream(tensor.getValue()).reduce(1, Math::multiplyExact);
      json.append(json.length() > 1 ? "," : "")
          .append(
              String.format(
                  "\"%s\":{\"dtype\":\"F16\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
                  tensor.getKey(), Arrays.toString(tensor.getValue()), offset, offset + bytes));
      offset += bytes;
    }
    byte[] header = json.append("}").toString().getBytes(StandardCharsets.UTF_8);
    Files.createDirectories(path.toAbsolutePath().getParent());
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
      file.write(header);
      file.setLength(8 + header.length + offset);
    }
    return path;
  }
}
