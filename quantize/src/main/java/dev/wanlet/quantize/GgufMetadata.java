// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.gguf.GgufLayout;
import dev.wanlet.weights.gguf.GgufValue;
import dev.wanlet.weights.lora.AdapterFile;
import dev.wanlet.weights.recipe.Recipes;
import dev.wanlet.weights.write.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * What a written file says about itself. The general keys are those other readers know; ours are
 * under {@code wanlet.}: the sources and their SHA-256 sums, the quantisation recipe and everything
 * that shaped the weights, and the error of each tensor in the file's order. Stateless.
 */
final class GgufMetadata {
  /** ggml's version of its quantised formats. */
  private static final int QUANTIZATION_VERSION = 2;

  private static final String HASHES = "wanlet.source.sha256";
  private static final String RMSE = "wanlet.tensor.rmse";
  private static final String RELATIVE = "wanlet.tensor.relative_rmse";
  private static final String LARGEST = "wanlet.tensor.max_error";
  private static final String COSINE = "wanlet.tensor.cosine";
  private static final List<String> LICENSE_KEYS = List.of("general.license", "license");

  /** umT5 was trained on so many tokens at once, and Wan pads prompts to as many. */
  private static final int TEXT_LENGTH = 512;

  private GgufMetadata() {}

  /** All keys in order; sums and errors hold room for what {@link #complete} brings. */
  static Map<String, GgufValue> of(
      QuantizeRequest request,
      Checkpoint checkpoint,
      List<TensorPlan> plans,
      Map<String, GgufValue> tokenizer) {
    Map<String, GgufValue> values = new LinkedHashMap<>();
    values.put("general.architecture", GgufValue.of(Recipes.architecture(checkpoint.kind())));
    values.put("general.type", GgufValue.of("model"));
    license(checkpoint).ifPresent(text -> values.put("general.license", GgufValue.of(text)));
    values.put("general.file_type", GgufValue.u32(fileType(request, plans)));
    values.put("general.quantization_version", GgufValue.u32(QUANTIZATION_VERSION));
    if (checkpoint.kind() == CheckpointKind.TEXT_ENCODER) {
      textEncoder(values, checkpoint);
      values.putAll(tokenizer);
    }
    List<Path> files = checkpoint.source().files();
    values.put("wanlet.version", GgufValue.of(request.program()));
    values.put("wanlet.recipe", GgufValue.of(recipe(request)));
    values.put(
        "wanlet.source.files",
        GgufValue.stringArray(files.stream().map(f -> f.getFileName().toString()).toList()));
    values.put(
        HASHES,
        GgufValue.stringArray(Collections.nCopies(files.size(), "0".repeat(SourceHash.DIGITS))));
    for (String key : List.of(RMSE, RELATIVE, LARGEST, COSINE)) {
      values.put(key, GgufValue.f32Array(new float[plans.size()]));
    }
    return values;
  }

  /** Tensor data starts at multiples of this size, and the file ends at one. */
  static long padded(long bytes) {
    return GgufLayout.align(bytes, GgufLayout.DEFAULT_ALIGNMENT);
  }

  /** Puts in what is known at the end. */
  static void complete(GgufWriter writer, List<String> hashes, List<TensorReport> tensors)
      throws IOException {
    writer.replace(HASHES, GgufValue.stringArray(hashes));
    writer.replace(RMSE, statistics(tensors, ErrorStatistics::rmse));
    writer.replace(RELATIVE, statistics(tensors, ErrorStatistics::relativeRmse));
    writer.replace(LARGEST, statistics(tensors, ErrorStatistics::largest));
    writer.replace(COSINE, statistics(tensors, ErrorStatistics::cosine));
  }

  private static GgufValue statistics(
      List<TensorReport> tensors, ToDoubleFunction<ErrorStatistics> statistic) {
    float[] values = new float[tensors.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) statistic.applyAsDouble(tensors.get(i).error());
    }
    return GgufValue.f32Array(values);
  }

  /** The quantisation recipe and everything else that shaped the weights, in one line. */
  static String recipe(QuantizeRequest request) {
    StringBuilder text = new StringBuilder();
    if (request.targetBytes().isPresent()) {
      text.append("target-size ").append(request.targetBytes().getAsLong());
    } else if (request.targetError().isPresent()) {
      text.append("target-error ").append(request.targetError().getAsDouble());
    } else {
      text.append(request.recipe().name());
    }
    request.overrides().forEach(rule -> text.append(", ").append(rule));
    request.importance().ifPresent(file -> text.append(", imatrix ").append(file.getFileName()));
    for (AdapterFile lora : request.loras()) {
      text.append(", lora ").append(lora.file().getFileName()).append(':').append(lora.strength());
    }
    return text.toString();
  }

  private static int fileType(QuantizeRequest request, List<TensorPlan> plans) {
    if (!request.hasTarget()) {
      return request.recipe().fileType();
    }
    // A mix of our own has no number; readers show that of its most common type.
    Map<TensorType, Long> bytes =
        plans.stream()
            .collect(
                Collectors.groupingBy(
                    TensorPlan::type, TreeMap::new, Collectors.summingLong(TensorPlan::bytes)));
    TensorType common = Collections.max(bytes.entrySet(), Map.Entry.comparingByValue()).getKey();
    return Recipes.names().stream()
        .map(Recipes::parse)
        .filter(recipe -> recipe.base() == common)
        .findFirst()
        .orElse(request.recipe())
        .fileType();
  }

  private static Optional<String> license(Checkpoint checkpoint) {
    return LICENSE_KEYS.stream()
        .map(checkpoint.metadata()::get)
        .filter(text -> text != null && !text.isBlank())
        .findFirst();
  }

  /** The sizes that llama.cpp's readers expect of a T5 encoder, all seen from shapes. */
  private static void textEncoder(Map<String, GgufValue> values, Checkpoint checkpoint) {
    int blocks = 0;
    while (find(checkpoint, "blocks." + blocks + ".attn.q.weight").isPresent()) {
      blocks++;
    }
    values.put("t5encoder.block_count", GgufValue.u32(blocks));
    values.put("t5encoder.context_length", GgufValue.u32(TEXT_LENGTH));
    values.put("t5encoder.attention.layer_norm_epsilon", GgufValue.f32(1e-6f));
    values.put("t5encoder.attention.layer_norm_rms_epsilon", GgufValue.f32(1e-6f));
    find(checkpoint, "blocks.0.ffn.fc1.weight")
        .ifPresent(
            t -> {
              values.put("t5encoder.feed_forward_length", GgufValue.u32(t.shape().dim(0)));
              values.put("t5encoder.embedding_length", GgufValue.u32(t.shape().dim(1)));
            });
    Optional<WeightTensor> bias =
        find(checkpoint, "blocks.0.pos_embedding.embedding.weight")
            .filter(t -> t.shape().rank() == 2 && t.shape().dim(1) > 0);
    Optional<WeightTensor> query = find(checkpoint, "blocks.0.attn.q.weight");
    if (bias.isPresent() && query.isPresent()) {
      long heads = bias.get().shape().dim(1);
      long headDim = query.get().shape().dim(0) / heads;
      values.put("t5encoder.attention.head_count", GgufValue.u32(heads));
      values.put("t5encoder.attention.key_length", GgufValue.u32(headDim));
      values.put("t5encoder.attention.value_length", GgufValue.u32(headDim));
      values.put(
          "t5encoder.attention.relative_buckets_count", GgufValue.u32(bias.get().shape().dim(0)));
    }
  }

  private static Optional<WeightTensor> find(Checkpoint checkpoint, String name) {
    return checkpoint.source().find(name).filter(t -> t.shape().rank() == 2);
  }
}
