// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Turns the tensor names of other layouts into the official checkpoint's, by rules on modules. A
 * rule's module ends at a dot or at the end of the name; what follows ({@code .weight}, {@code
 * .bias}) stays. An asterisk stands for a number. Immutable, thread-safe.
 */
public final class CheckpointNames {
  private record Rule(Pattern pattern, String replacement) {}

  private final List<Rule> rules;
  private final List<Pattern> dropped;

  private CheckpointNames(List<Rule> rules, List<Pattern> dropped) {
    this.rules = List.copyOf(rules);
    this.dropped = List.copyOf(dropped);
  }

  public static Builder builder() {
    return new Builder();
  }

  /** The official name; the name itself if no rule fits. */
  public String official(String name) {
    for (Rule rule : rules) {
      Matcher matcher = rule.pattern.matcher(name);
      if (matcher.lookingAt()) {
        return matcher.replaceFirst(rule.replacement);
      }
    }
    return name;
  }

  /** Whether the network has no use for the tensor of this name. */
  public boolean isDropped(String name) {
    return dropped.stream().anyMatch(p -> p.matcher(name).lookingAt());
  }

  /**
   * The source under official names, without what the network has no use for.
   *
   * @throws WeightFormatException if two tensors get the same name
   */
  public WeightSource apply(WeightSource source) throws WeightFormatException {
    return source.filtered(name -> !isDropped(name)).renamed(this::official);
  }

  /** Collects rules; the first that fits wins. Confined to one thread. */
  public static final class Builder {
    private final List<Rule> rules = new ArrayList<>();
    private final List<Pattern> dropped = new ArrayList<>();

    /**
     * Renames a module.
     *
     * @param module such as {@code encoder.block.*.layer.0.SelfAttention.q}
     * @param official such as {@code blocks.*.attn.q}, with as many asterisks, in the same order
     */
    public Builder rename(String module, String official) {
      StringBuilder replacement = new StringBuilder();
      int group = 1;
      for (char c : official.toCharArray()) {
        replacement.append(c == '*' ? "$" + group++ : String.valueOf(c));
      }
      rules.add(new Rule(pattern(module), replacement.toString()));
      return this;
    }

    /** Leaves a module out, with everything below it. */
    public Builder drop(String module) {
      dropped.add(pattern(module));
      return this;
    }

    public CheckpointNames build() {
      return new CheckpointNames(rules, dropped);
    }

    private static Pattern pattern(String module) {
      return Pattern.compile(module.replace(".", "\\.").replace("*", "(\\d+)") + "(?=\\.|$)");
    }
  }
}
