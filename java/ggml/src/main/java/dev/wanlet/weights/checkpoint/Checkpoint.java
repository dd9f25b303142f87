// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A released checkpoint of one of Wan's networks in whatever form it comes, brought to one form:
 * official tensor names, scales of 8-bit weights applied, parts that the network does not use left
 * out. CLIP keeps the names it comes with, because Hugging Face splits what the official code
 * stores in one.
 *
 * <p>Owner of the files. Thread-safe for reading; close only when no other thread reads.
 */
public final class Checkpoint implements AutoCloseable {
  /** What other programs put before the names of a network that shares a file with others. */
  private static final List<String> PREFIXES =
      List.of(
          "",
          "model.diffusion_model.",
          "diffusion_model.",
          "first_stage_model.",
          "vae.",
          "transformer.",
          "text_encoders.umt5xxl.transformer.",
          "text_encoder.",
          "visual.",
          "model.visual.",
          "module.",
          "model.");

  private static final List<String> ADAPTER_MARKS =
      List.of(".lora_up.weight", ".lora_A.weight", ".lora_A.default.weight", ".lora_down.weight");

  private final CheckpointKind kind;
  private final CheckpointLayout layout;
  private final String prefix;
  private final WeightSource source;

  private Checkpoint(
      CheckpointKind kind, CheckpointLayout layout, String prefix, WeightSource source) {
    this.kind = kind;
    this.layout = layout;
    this.prefix = prefix;
    this.source = source;
  }

  /**
   * Opens a weight file, the index of a sharded checkpoint, or a folder with one of them; of a
   * diffusers folder, its transformer.
   *
   * @throws WeightFormatException if a file is of no supported format, damaged or ambiguous
   * @throws IOException if a file cannot be opened
   */
  public static Checkpoint open(Path path) throws IOException {
    boolean isPipeline = Files.isRegularFile(path.resolve("model_index.json"));
    WeightSource files = WeightFiles.open(isPipeline ? path.resolve("transformer") : path);
    try {
      return of(files);
    } catch (Throwable e) {
      files.close();
      throw e;
    }
  }

  /**
   * Recognises the tensors of an open source and renames them. The result owns the source; on
   * failure it stays open.
   *
   * @throws WeightFormatException if two tensors get the same name, or scales do not fit
   */
  public static Checkpoint of(WeightSource files) throws WeightFormatException {
    WeightSource source = ScaledWeights.apply(files);
    for (String prefix : PREFIXES) {
      for (CheckpointLayout layout : CheckpointLayout.values()) {
        CheckpointKind kind =
            CheckpointKind.of(layout, name -> source.find(prefix + name).isPresent());
        if (kind != CheckpointKind.UNKNOWN) {
          return new Checkpoint(kind, layout, prefix, official(kind, layout, prefix, source));
        }
      }
    }
    boolean adapter =
        source.tensors().stream()
            .anyMatch(t -> ADAPTER_MARKS.stream().anyMatch(t.name()::endsWith));
    CheckpointKind kind = adapter ? CheckpointKind.LORA : CheckpointKind.UNKNOWN;
    return new Checkpoint(kind, CheckpointLayout.OFFICIAL, "", source);
  }

  private static WeightSource official(
      CheckpointKind kind, CheckpointLayout layout, String prefix, WeightSource source)
      throws WeightFormatException {
    WeightSource part =
        prefix.isEmpty()
            ? source
            : source.filtered(name -> name.startsWith(prefix)).withoutPrefix(prefix);
    return switch (kind) {
      case TEXT_ENCODER -> Umt5Names.official(part);
      case TRANSFORMER ->
          layout == CheckpointLayout.DIFFUSERS ? part.renamed(DiffusersNames::transformer) : part;
      case VAE_2_1 ->
          layout == CheckpointLayout.DIFFUSERS ? part.renamed(DiffusersNames::vae21) : part;
      case VAE_2_2 ->
          layout == CheckpointLayout.DIFFUSERS ? part.renamed(DiffusersNames::vae22) : part;
      default -> part;
    };
  }

  /** The official name of a transformer's tensor or module in diffusers' naming. */
  public static String officialTransformerName(String name) {
    return DiffusersNames.transformer(name);
  }

  /** The name diffusers gives to a transformer's tensor or module of that official name. */
  public static String diffusersTransformerName(String official) {
    return DiffusersNames.diffusersTransformer(official);
  }

  public CheckpointKind kind() {
    return kind;
  }

  /** Whose names the files use. */
  public CheckpointLayout layout() {
    return layout;
  }

  /** What was removed from the front of all names; often empty. */
  public String prefix() {
    return prefix;
  }

  /** The network's tensors under official names. Lives as long as this. */
  public WeightSource source() {
    return source;
  }

  /** What the files say about themselves. */
  public Map<String, String> metadata() {
    return source.metadata();
  }

  @Override
  public void close() {
    source.close();
  }

  /** Such as {@code Wan transformer, diffusers names, 825 tensors}. */
  @Override
  public String toString() {
    return String.format(
        "%s, %s, %d tensors", kind.title(), layout.title(), source.tensors().size());
  }
}
