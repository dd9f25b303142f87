// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds the networks of a source by one tensor of each that no other network has. Whatever stands
 * before that tensor's name, up to a dot, is the prefix of the network. Immutable.
 */
final class NetworkFinder {
  /** A network whose names begin with {@code prefix}. */
  record Found(CheckpointKind kind, CheckpointLayout layout, String prefix) {}

  private record Anchor(CheckpointKind kind, CheckpointLayout layout, String name) {}

  private static final List<Anchor> ANCHORS =
      List.of(
          new Anchor(
              CheckpointKind.TRANSFORMER, CheckpointLayout.OFFICIAL, "blocks.0.self_attn.q.weight"),
          new Anchor(
              CheckpointKind.TRANSFORMER, CheckpointLayout.DIFFUSERS, "blocks.0.attn1.to_q.weight"),
          new Anchor(
              CheckpointKind.TEXT_ENCODER, CheckpointLayout.OFFICIAL, "blocks.0.attn.q.weight"),
          new Anchor(
              CheckpointKind.TEXT_ENCODER,
              CheckpointLayout.HUGGING_FACE,
              "encoder.block.0.layer.0.SelfAttention.q.weight"),
          new Anchor(
              CheckpointKind.TEXT_ENCODER, CheckpointLayout.LLAMA_CPP, "enc.blk.0.attn_q.weight"),
          new Anchor(
              CheckpointKind.IMAGE_ENCODER,
              CheckpointLayout.OFFICIAL,
              "transformer.0.attn.to_qkv.weight"),
          new Anchor(
              CheckpointKind.IMAGE_ENCODER,
              CheckpointLayout.HUGGING_FACE,
              "vision_model.encoder.layers.0.self_attn.q_proj.weight"),
          new Anchor(
              CheckpointKind.VAE_2_2,
              CheckpointLayout.OFFICIAL,
              "decoder.upsamples.0.upsamples.0.residual.2.weight"),
          new Anchor(
              CheckpointKind.VAE_2_1,
              CheckpointLayout.OFFICIAL,
              "decoder.upsamples.0.residual.2.weight"),
          new Anchor(CheckpointKind.TAE, CheckpointLayout.OFFICIAL, "decoder.3.conv.0.weight"),
          // Other VAEs of diffusers have the same convolutions, but no gamma.
          new Anchor(
              CheckpointKind.VAE_2_1,
              CheckpointLayout.DIFFUSERS,
              "decoder.up_blocks.0.resnets.0.norm1.gamma"));

  private static final String DIFFUSERS_2_2 = "decoder.up_blocks.0.upsampler.resample.1.weight";
  private static final Pattern AVERAGED = Pattern.compile("(^|[._])ema([._]|$)");

  private final WeightSource source;
  private final List<Found> found;

  private NetworkFinder(WeightSource source, Collection<Found> found) {
    this.source = source;
    this.found = List.copyOf(found);
  }

  /** Looks at all names of a source, those it cannot read included. */
  static NetworkFinder of(WeightSource source) {
    Set<Found> found = new LinkedHashSet<>();
    Predicate<String> has =
        name -> source.find(name).isPresent() || source.passedOver().containsKey(name);
    Set<String> names = new LinkedHashSet<>(source.passedOver().keySet());
    source.tensors().stream().map(WeightTensor::name).forEach(names::add);
    for (Anchor anchor : ANCHORS) {
      for (String name : names) {
        int start = name.length() - anchor.name.length();
        if (name.endsWith(anchor.name) && (start == 0 || name.charAt(start - 1) == '.')) {
          String prefix = name.substring(0, start);
          boolean is22 =
              anchor.layout == CheckpointLayout.DIFFUSERS && has.test(prefix + DIFFUSERS_2_2);
          found.add(new Found(is22 ? CheckpointKind.VAE_2_2 : anchor.kind, anchor.layout, prefix));
        }
      }
    }
    return new NetworkFinder(source, found);
  }

  /** All networks, transformers first. */
  List<Found> all() {
    return found;
  }

  /**
   * The first network of a kind that passes. Of a network and its moving average in one file, as
   * training leaves them, it is the average, which is what one samples with.
   *
   * @return null if there is none
   * @throws WeightFormatException if there are several
   */
  Found choose(Predicate<CheckpointKind> kinds) throws WeightFormatException {
    Found first = found.stream().filter(f -> kinds.test(f.kind())).findFirst().orElse(null);
    if (first == null) {
      return null;
    }
    List<Found> same = found.stream().filter(f -> f.kind() == first.kind()).toList();
    List<Found> averages = same.stream().filter(NetworkFinder::isAverage).toList();
    if (same.size() == 2 && averages.size() == 1) {
      return averages.get(0);
    }
    if (same.size() > 1) {
      throw new WeightFormatException(
          source.files().get(0),
          String.format(
              "it holds %d networks of the kind %s, whose names begin with %s; save the one you mean"
                  + " to a file of its own",
              same.size(),
              first.kind().title(),
              same.stream().map(f -> "'" + f.prefix() + "'").collect(Collectors.joining(", "))));
    }
    return first;
  }

  static boolean isAverage(Found network) {
    return AVERAGED.matcher(network.prefix()).find();
  }

  /** The tensors of one network under its own names, without those of others. */
  WeightSource part(Found network) throws WeightFormatException {
    String prefix = network.prefix();
    List<String> others =
        found.stream()
            .map(Found::prefix)
            .filter(p -> p.length() > prefix.length() && p.startsWith(prefix))
            .distinct()
            .toList();
    if (prefix.isEmpty() && others.isEmpty()) {
      return source;
    }
    return source
        .filtered(name -> name.startsWith(prefix) && others.stream().noneMatch(name::startsWith))
        .withoutPrefix(prefix);
  }
}
