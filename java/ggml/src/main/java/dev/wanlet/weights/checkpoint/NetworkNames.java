// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The official names of the tensors that every network of a kind has, so that half a network is
 * told from a whole one. Immutable.
 *
 * <p>Source: Wan2.1 wan/modules/model.py, t5.py and vae.py; Wan2.2 wan/modules/vae2_2.py;
 * madebyollin/taehv taehv.py.
 */
final class NetworkNames {
  private static final NetworkNames NONE = new NetworkNames("", List.of(), List.of());
  private static final NetworkNames TRANSFORMER = transformer();
  private static final NetworkNames TEXT_ENCODER = textEncoder();
  private static final NetworkNames VAE = vae();
  private static final NetworkNames TAE = tae();

  private final String blocks;
  private final List<String> once;
  private final List<String> inEachBlock;

  /**
   * @param blocks what the names of numbered blocks begin with, up to the number
   * @param inEachBlock the rest of their names behind the number; empty if blocks differ
   */
  private NetworkNames(String blocks, List<String> once, List<String> inEachBlock) {
    this.blocks = blocks;
    this.once = List.copyOf(once);
    this.inEachBlock = List.copyOf(inEachBlock);
  }

  /** The names of a kind; none for adapters and image encoders, which keep the names they have. */
  static NetworkNames of(CheckpointKind kind) {
    return switch (kind) {
      case TRANSFORMER -> TRANSFORMER;
      case TEXT_ENCODER -> TEXT_ENCODER;
      case VAE_2_1, VAE_2_2 -> VAE;
      case TAE -> TAE;
      case IMAGE_ENCODER, LORA, UNKNOWN -> NONE;
    };
  }

  /** Names with {@code *} for the numbers of blocks. */
  Set<String> patterns() {
    Set<String> patterns = new TreeSet<>(once);
    inEachBlock.forEach(name -> patterns.add(blocks + "*." + name));
    return patterns;
  }

  /** A name with {@code *} for each part of it that is a number. */
  static String pattern(String name) {
    return Arrays.stream(name.split("\\.", -1))
        .map(part -> !part.isEmpty() && part.chars().allMatch(Character::isDigit) ? "*" : part)
        .collect(Collectors.joining("."));
  }

  /** Whether every network of the kind has a tensor of that official name. */
  boolean isNeeded(String name) {
    if (once.contains(name)) {
      return true;
    }
    int dot = name.startsWith(blocks) ? name.indexOf('.', blocks.length()) : -1;
    return dot >= 0 && inEachBlock.contains(name.substring(dot + 1));
  }

  /** What a source lacks, up to its last block. */
  List<String> missing(WeightSource source) {
    List<String> missing = new ArrayList<>();
    for (String name : once) {
      if (source.find(name).isEmpty()) {
        missing.add(name);
      }
    }
    Set<Integer> numbers = numbers(source);
    int last = numbers.stream().mapToInt(n -> n).max().orElse(-1);
    for (int i = 0; i <= last; i++) {
      if (!numbers.contains(i)) {
        missing.add(blocks + i);
      } else {
        for (String name : inEachBlock) {
          String full = blocks + i + "." + name;
          if (source.find(full).isEmpty()) {
            missing.add(full);
          }
        }
      }
    }
    return missing;
  }

  private Set<Integer> numbers(WeightSource source) {
    Set<Integer> numbers = new TreeSet<>();
    for (WeightTensor tensor : source.tensors()) {
      String name = tensor.name();
      int dot = name.startsWith(blocks) ? name.indexOf('.', blocks.length()) : -1;
      // Four digits are more blocks than there are; a longer number is not one of ours.
      if (dot > blocks.length()
          && dot <= blocks.length() + 4
          && name.substring(blocks.length(), dot).chars().allMatch(c -> c >= '0' && c <= '9')) {
        numbers.add(Integer.parseInt(name.substring(blocks.length(), dot)));
      }
    }
    return numbers;
  }

  private static NetworkNames transformer() {
    List<String> once = new ArrayList<>();
    for (String layer :
        new String[] {
          "patch_embedding",
          "text_embedding.0",
          "text_embedding.2",
          "time_embedding.0",
          "time_embedding.2",
          "time_projection.1",
          "head.head"
        }) {
      addLayer(once, layer);
    }
    once.add("head.modulation");
    List<String> block = new ArrayList<>();
    block.add("modulation");
    for (String attention : new String[] {"self_attn.", "cross_attn."}) {
      for (String part : new String[] {"q", "k", "v", "o"}) {
        addLayer(block, attention + part);
      }
      block.add(attention + "norm_q.weight");
      block.add(attention + "norm_k.weight");
    }
    addLayer(block, "norm3");
    addLayer(block, "ffn.0");
    addLayer(block, "ffn.2");
    return new NetworkNames("blocks.", once, block);
  }

  private static NetworkNames textEncoder() {
    return new NetworkNames(
        "blocks.",
        List.of("token_embedding.weight", "norm.weight"),
        List.of(
            "attn.q.weight",
            "attn.k.weight",
            "attn.v.weight",
            "attn.o.weight",
            "pos_embedding.embedding.weight",
            "norm1.weight",
            "norm2.weight",
            "ffn.gate.0.weight",
            "ffn.fc1.weight",
            "ffn.fc2.weight"));
  }

  /** Of the decoder only: a VAE without its encoder still makes clips from text. */
  private static NetworkNames vae() {
    List<String> once = new ArrayList<>();
    addLayer(once, "conv2");
    addLayer(once, "decoder.conv1");
    for (String middle : new String[] {"decoder.middle.0.", "decoder.middle.2."}) {
      once.add(middle + "residual.0.gamma");
      addLayer(once, middle + "residual.2");
      once.add(middle + "residual.3.gamma");
      addLayer(once, middle + "residual.6");
    }
    once.add("decoder.middle.1.norm.gamma");
    addLayer(once, "decoder.middle.1.to_qkv");
    addLayer(once, "decoder.middle.1.proj");
    once.add("decoder.head.0.gamma");
    addLayer(once, "decoder.head.2");
    return new NetworkNames("decoder.upsamples.", once, List.of());
  }

  /** Of the decoder only: nothing else is read of it. */
  private static NetworkNames tae() {
    List<String> once = new ArrayList<>();
    addLayer(once, "decoder.1");
    for (int level = 0; level < 3; level++) {
      int first = 3 + 6 * level;
      for (int block = first; block < first + 3; block++) {
        for (int convolution = 0; convolution <= 4; convolution += 2) {
          addLayer(once, "decoder." + block + ".conv." + convolution);
        }
      }
      once.add("decoder." + (first + 4) + ".conv.weight");
      once.add("decoder." + (first + 5) + ".weight");
    }
    addLayer(once, "decoder.22");
    return new NetworkNames("decoder.-", once, List.of());
  }

  private static void addLayer(List<String> names, String layer) {
    names.add(layer + ".weight");
    names.add(layer + ".bias");
  }
}
