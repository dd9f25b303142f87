// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.memory.MemoryBudget;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.request.Settings;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.ToIntFunction;

/**
 * Chooses model, quantisation recipe, size, length and steps for a machine. What is chosen is
 * planned to the byte.
 *
 * <p>The rule: of what fits the memory and is predicted to end within the patience of the wish, the
 * candidate of the highest {@link QualityScore}; among equals the faster. If nothing ends in time,
 * the fastest, unless the user set the limit: then that is a refusal, which names the fastest.
 *
 * <p>Immutable; thread-safe.
 */
public final class Selector {
  private static final Comparator<Idea> FINEST =
      Comparator.comparingDouble(Idea::quality).reversed().thenComparingDouble(Idea::leastSeconds);

  private static final Comparator<Idea> FASTEST =
      Comparator.comparingDouble(Idea::leastSeconds)
          .thenComparing(Comparator.comparingDouble(Idea::quality).reversed());

  /**
   * A model in one quantisation recipe and one way to sample, ready to be planned on the machine.
   *
   * @param recipe of the transformer; empty for a file, which has its own types
   * @param way to sample
   * @param planner of the machine, with the adapters of the way
   * @param tokens counts a prompt's tokens
   */
  public record Option(
      ModelDefaults model,
      String recipe,
      Way way,
      RunPlanner planner,
      ToIntFunction<String> tokens) {
    /** The same, sampled in the model's own way. */
    public Option(
        ModelDefaults model, String recipe, RunPlanner planner, ToIntFunction<String> tokens) {
      this(model, recipe, Way.OWN, planner, tokens);
    }
  }

  private final MemoryBudget budget;

  /** For runs within a budget. */
  public Selector(MemoryBudget budget) {
    this.budget = budget;
  }

  /**
   * Chooses.
   *
   * @param options models, recipes and ways at hand, not empty
   * @throws MemoryBudgetException if nothing fits the memory; it names what the smallest needs
   * @throws TimeLimitException if nothing ends within a limit that the user set
   */
  public Choice choose(List<Option> options, Wish wish) {
    Search search = new Search(options, wish, within(wish));
    double patience = wish.patienceSeconds();
    Optional<Candidate> best =
        search.first(FINEST, i -> i.leastSeconds() <= patience, c -> c.seconds() <= patience);
    Candidate chosen =
        best.or(() -> fastest(search)).orElseThrow(() -> refusal(options, wish, search));
    if (best.isEmpty() && wish.limit().isPresent()) {
      throw new TimeLimitException(wish.profile().name(), chosen, patience);
    }
    OptionalLong memory =
        wish.profile().deviceBytes().isPresent()
            ? OptionalLong.of(within(wish).deviceBytes())
            : OptionalLong.empty();
    return new Choice(chosen, new Reasons(chosen, search, wish).lines(), memory);
  }

  /** The budget, or less of it where the profile is one for smaller cards. */
  private MemoryBudget within(Wish wish) {
    long most = wish.profile().deviceBytes().orElse(Long.MAX_VALUE);
    boolean given = wish.given().find(Settings.VRAM).isPresent();
    return given || most >= budget.deviceBytes() ? budget : budget.withDeviceBytes(most);
  }

  private static Optional<Candidate> fastest(Search search) {
    return search.first(FASTEST, i -> true, c -> true);
  }

  /** Why nothing fits, and what comes nearest of what does: the finest clip of another length. */
  private MemoryBudgetException refusal(List<Option> options, Wish wish, Search search) {
    MemoryBudgetException refusal = search.smallestRefusal();
    if (wish.seconds().isEmpty()) {
      return refusal; // other lengths were tried
    }
    return new Search(options, wish.ofAnyLength(), within(wish))
        .first(FINEST, i -> true, c -> true)
        .map(nearest -> refusal.withAdvice("what fits is " + Reasons.describe(nearest)))
        .orElseGet(() -> refusal.withAdvice("no shorter clip of it fits either"));
  }

  /**
   * All that is worth a choice: candidates that no other beats in both time and quality, the
   * fastest first. Plans every size and length, which takes a while.
   *
   * @throws MemoryBudgetException if nothing fits the memory
   */
  public List<Candidate> front(List<Option> options, Wish wish) {
    Search search = new Search(options, wish, within(wish));
    List<Candidate> fitting = search.all();
    if (fitting.isEmpty()) {
      throw search.smallestRefusal();
    }
    return fitting.stream()
        .filter(c -> fitting.stream().noneMatch(other -> other.dominates(c)))
        .sorted(Comparator.comparingDouble(Candidate::seconds))
        .toList();
  }
}
