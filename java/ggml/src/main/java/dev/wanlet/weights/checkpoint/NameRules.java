// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Renames tensors by rules on modules; the first rule that fits wins, and a name that fits none
 * stays. A rule's module ends at a dot or at the end of the name; what follows ({@code .weight},
 * {@code .bias}) stays. An asterisk stands for a number. Immutable, thread-safe.
 */
public final class NameRules {
  private record Rule(String from, String to, Pattern pattern, String replacement) {
    static Rule of(String from, String to) {
      StringBuilder replacement = new StringBuilder();
      int group = 1;
      for (char c : to.toCharArray()) {
        replacement.append(c == '*' ? "$" + group++ : String.valueOf(c));
      }
      return new Rule(from, to, NameRules.pattern(from), replacement.toString());
    }
  }

  private final List<Rule> rules;
  private final List<Pattern> dropped;

  private NameRules(List<Rule> rules, List<Pattern> dropped) {
    this.rules = List.copyOf(rules);
    this.dropped = List.copyOf(dropped);
  }

  public static Builder builder() {
    return new Builder();
  }

  /** The new name; the name itself if no rule fits. */
  public String rename(String name) {
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
   * The source under new names, without what the network has no use for. The result owns the
   * source.
   *
   * @throws WeightFormatException if two tensors get the same name
   */
  public WeightSource apply(WeightSource source) throws WeightFormatException {
    return source.filtered(name -> !isDropped(name)).renamed(this::rename);
  }

  /** The rules the other way round; of several that lead to one name the first stays. */
  public NameRules inverse() {
    List<Rule> inverted = new ArrayList<>();
    for (Rule rule : rules) {
      inverted.add(Rule.of(rule.to, rule.from));
    }
    return new NameRules(inverted, List.of());
  }

  private static Pattern pattern(String module) {
    return Pattern.compile(module.replace(".", "\\.").replace("*", "(\\d+)") + "(?=\\.|$)");
  }

  /** Collects rules. Confined to one thread. */
  public static final class Builder {
    private final List<Rule> rules = new ArrayList<>();
    private final List<Pattern> dropped = new ArrayList<>();

    private Builder() {}

    /**
     * Renames a module.
     *
     * @param from such as {@code encoder.block.*.layer.0.SelfAttention.q}
     * @param to such as {@code blocks.*.attn.q}, with as many asterisks, in the same order
     */
    public Builder rename(String from, String to) {
      rules.add(Rule.of(from, to));
      return this;
    }

    /** Leaves a module out, with everything below it. */
    public Builder drop(String module) {
      dropped.add(pattern(module));
      return this;
    }

    public NameRules build() {
      return new NameRules(rules, dropped);
    }
  }
}
