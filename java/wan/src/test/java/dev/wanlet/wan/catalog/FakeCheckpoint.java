// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.umt5.Umt5Config;
import java.io.ByteArrayOutputStream;
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

/**
 * Writes safetensors and GGUF files of real shapes without data: holes that take no room on the
 * disk.
 */
final class FakeCheckpoint {
  private static final int GGUF_F16 = 1;
  private static final int GGUF_INT32 = 5;
  private static final int GGUF_STRING = 8;
  private static final int GGUF_ARRAY = 9;
  private static final int GGUF_RANK = 4;
  private static final long GGUF_ALIGNMENT = 32;

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
    String image = "condition_embedder.image_embedder.";
    return switch (c.variant()) {
      case VACE -> file.add("vace_patch_embedding.weight", c.dim(), 96, 1, 2, 2).controlBlocks(c);
      case FLF2V ->
          file.add(image + "pos_embed", 1, 514, 1280)
              .add(image + "ff.net.0.proj.weight", 1280, 1280);
      case I2V -> file.add(image + "ff.net.0.proj.weight", 1280, 1280);
      default -> file;
    };
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

  /** CLIP's vision tower under the official names, beside the text tower that nobody runs. */
  static FakeCheckpoint imageEncoder(int width) {
    return new FakeCheckpoint()
        .add("visual.cls_embedding", 1, 1, width)
        .add("visual.pos_embedding", 1, 257, width)
        .add("visual.patch_embedding.weight", width, 3, 14, 14)
        .add("visual.transformer.0.attn.to_qkv.weight", 3L * width, width)
        .add("textual.token_embedding.weight", 250002, 64);
  }

  /** The same as Hugging Face's and Comfy-Org's files have it. */
  static FakeCheckpoint huggingFaceImageEncoder(int width) {
    return new FakeCheckpoint()
        .add("vision_model.embeddings.class_embedding", width)
        .add("vision_model.embeddings.patch_embedding.weight", width, 3, 14, 14)
        .add("vision_model.embeddings.position_embedding.weight", 257, width)
        .add("vision_model.encoder.layers.0.self_attn.q_proj.weight", width, width);
  }

  /** As llama.cpp and city96 write a text encoder. */
  static FakeCheckpoint llamaTextEncoder(Umt5Config c) {
    return new FakeCheckpoint()
        .add("token_embd.weight", c.vocab(), c.dim())
        .add("enc.blk.0.attn_q.weight", c.dimAttn(), c.dim());
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

  /**
   * A GGUF file, as ComfyUI-GGUF's tools write it: kernels of five dimensions flattened to four,
   * with their shapes among the metadata.
   *
   * @param tokens of a text encoder's vocabulary; none for other networks
   */
  Path writeGguf(Path path, String... tokens) throws IOException {
    ByteArrayOutputStream values = new ByteArrayOutputStream();
    ByteArrayOutputStream infos = new ByteArrayOutputStream();
    int count = tokens.length == 0 ? 0 : 1;
    if (count == 1) {
      string(values, "tokenizer.ggml.tokens");
      ints(values, GGUF_ARRAY, GGUF_STRING);
      longs(values, tokens.length);
      for (String token : tokens) {
        string(values, token);
      }
    }
    long offset = 0;
    for (Map.Entry<String, long[]> tensor : tensors.entrySet()) {
      long[] shape = tensor.getValue();
      if (shape.length > GGUF_RANK) {
        count++;
        string(values, "comfy.gguf.orig_shape." + tensor.getKey());
        ints(values, GGUF_ARRAY, GGUF_INT32);
        longs(values, shape.length);
        ints(values, Arrays.stream(shape).mapToInt(Math::toIntExact).toArray());
        shape = new long[] {shape[0], Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b)};
      }
      string(infos, tensor.getKey());
      ints(infos, shape.length);
      for (int i = shape.length - 1; i >= 0; i--) {
        longs(infos, shape[i]);
      }
      ints(infos, GGUF_F16);
      longs(infos, offset);
      long bytes = 2 * Arrays.stream(shape).reduce(1, Math::multiplyExact);
      offset += (bytes + GGUF_ALIGNMENT - 1) / GGUF_ALIGNMENT * GGUF_ALIGNMENT;
    }
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    header.write("GGUF".getBytes(StandardCharsets.US_ASCII));
    ints(header, 3);
    longs(header, tensors.size(), count);
    values.writeTo(header);
    infos.writeTo(header);
    Files.createDirectories(path.toAbsolutePath().getParent());
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(header.toByteArray());
      long start = (header.size() + GGUF_ALIGNMENT - 1) / GGUF_ALIGNMENT * GGUF_ALIGNMENT;
      file.setLength(start + offset);
    }
    return path;
  }

  private static void string(ByteArrayOutputStream out, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    longs(out, bytes.length);
    out.writeBytes(bytes);
  }

  private static void ints(ByteArrayOutputStream out, int... values) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(values).forEach(buffer::putInt);
    out.writeBytes(buffer.array());
  }

  private static void longs(ByteArrayOutputStream out, long... values) {
    ByteBuffer buffer = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(values).forEach(buffer::putLong);
    out.writeBytes(buffer.array());
  }
}
