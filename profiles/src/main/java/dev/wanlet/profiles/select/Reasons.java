// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import dev.wanlet.base.Count;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.memory.StepPasses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** Puts into words what a choice gave up, and why. */
final class Reasons {
  private final Candidate chosen;
  private final Search search;
  private final Wish wish;

  Reasons(Candidate chosen, Search search, Wish wish) {
    this.chosen = chosen;
    this.search = search;
    this.wish = wish;
  }

  /** A line for each thing of which more would have been better. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    if (chosen.seconds() > wish.patienceSeconds()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "nothing that fits ends within the %s of profile '%s'; this is the fastest",
              time(wish.patienceSeconds()),
              wish.profile().name()));
    }
    better(i -> QualityScore.ofModel(i.option().model()), i -> i.option().model().id())
        .ifPresent(lines::add);
    ToDoubleFunction<Idea> ownModel =
        i -> i.option().model().equals(chosen.model()) ? 1 : Double.NaN;
    better(i -> ownModel.applyAsDouble(i) * i.job().size().pixels(), i -> i.job().size().toString())
        .ifPresent(lines::add);
    better(
            i -> ownModel.applyAsDouble(i) * i.job().frames(),
            i -> Count.of(i.job().frames(), "frame"))
        .ifPresent(lines::add);
    ToDoubleFunction<Idea> ownWay =
        i -> i.option().way().equals(chosen.way()) ? ownModel.applyAsDouble(i) : Double.NaN;
    better(i -> ownWay.applyAsDouble(i) * i.steps(), i -> Count.of(i.steps(), "step"))
        .ifPresent(lines::add);
    ownWay().ifPresent(lines::add);
    return lines;
  }

  /**
   * The next better value of one thing, the rest as near to the choice as can be.
   *
   * @param rank what is better is higher; NaN where an idea does not count
   */
  private Optional<String> better(ToDoubleFunction<Idea> rank, Function<Idea, String> name) {
    double own = rank.applyAsDouble(chosen.idea());
    return search.ideas().stream()
        .filter(i -> rank.applyAsDouble(i) > own)
        .min(
            Comparator.comparingInt(this::differences)
                .thenComparingDouble(rank)
                .thenComparingDouble(Idea::leastSeconds))
        .map(idea -> name.apply(idea) + " " + why(idea));
  }

  /** What another way than the model's own stands for. */
  private Optional<String> ownWay() {
    if (chosen.way().isOwn()) {
      return Optional.empty();
    }
    return chosen.way().recipe().isEmpty() ? cached() : ofRecipe();
  }

  /** What the step cache does without, and the same clip in full. */
  private Optional<String> cached() {
    StepPasses passes = chosen.job().passes();
    return search.ideas().stream()
        .filter(i -> i.option().way().isOwn())
        .filter(i -> i.option().model().equals(chosen.model()))
        .filter(i -> i.option().recipe().equals(chosen.recipe()))
        .filter(i -> i.job().size().equals(chosen.job().size()))
        .filter(i -> i.job().frames() == chosen.job().frames())
        .filter(i -> i.steps() == chosen.steps())
        .findFirst()
        .map(
            i ->
                String.format(
                    Locale.ROOT,
                    "%s does without the blocks in %d of %d passes: the same clip in full %s",
                    chosen.way().words(),
                    passes.cache().reused(),
                    passes.total(),
                    why(i)));
  }

  /** The finest of the same clip without the recipe. */
  private Optional<String> ofRecipe() {
    return search.ideas().stream()
        .filter(i -> i.option().way().isOwn())
        .filter(i -> i.option().model().equals(chosen.model()))
        .filter(i -> i.job().size().equals(chosen.job().size()))
        .filter(i -> i.job().frames() == chosen.job().frames())
        .max(Comparator.comparingDouble(Idea::quality))
        .map(
            i ->
                String.format(
                    Locale.ROOT,
                    "recipe %s takes the place of %d steps of the model's own: %s",
                    chosen.way().recipe(),
                    i.steps(),
                    i.leastSeconds() > wish.patienceSeconds()
                        ? "they " + why(i)
                        : "fewer than all " + chosen.model().steps() + " count less than it"));
  }

  private int differences(Idea idea) {
    RunPlanner.Job own = chosen.job();
    RunPlanner.Job job = idea.job();
    return (idea.option().model().equals(chosen.model()) ? 0 : 1)
        + (job.size().equals(own.size()) ? 0 : 1)
        + (job.frames() == own.frames() ? 0 : 1)
        + (idea.steps() == chosen.steps() ? 0 : 1)
        + (idea.option().way().equals(chosen.way()) ? 0 : 1);
  }

  private String why(Idea idea) {
    boolean slow = idea.leastSeconds() > wish.patienceSeconds();
    Optional<MemoryBudgetException> refusal = slow ? Optional.empty() : search.refusal(idea);
    if (refusal.isPresent()) {
      return memory(refusal.get());
    }
    double seconds =
        slow
            ? idea.leastSeconds()
            : search.planned(idea).map(Candidate::seconds).orElse(idea.leastSeconds());
    return seconds > wish.patienceSeconds()
        ? "would take " + time(seconds) + ", the limit is " + time(wish.patienceSeconds())
        : "would be chosen only with fewer pixels, frames or steps, which counts for more";
  }

  private static String memory(MemoryBudgetException refusal) {
    return String.format(
        Locale.ROOT,
        "needs %s of %s memory, %s can be had",
        ByteSize.format(refusal.neededBytes()),
        refusal.kind() == MemoryBudgetException.Kind.DEVICE ? "device" : "host",
        ByteSize.format(refusal.budgetBytes()));
  }

  private static String way(Way way) {
    return way.isOwn() ? "" : (way.recipe().isEmpty() ? " with " : " of ") + way.words();
  }

  /** {@code wan2.1-t2v-1.3b Q8_0, 832x480, 81 frames, 30 steps, about 12 min}. */
  static String describe(Candidate c) {
    return String.format(
        Locale.ROOT,
        "%s%s, %s, %s, %s%s, about %s",
        c.model().id(),
        c.recipe().isEmpty() ? "" : " " + c.recipe(),
        c.job().size(),
        Count.of(c.job().frames(), "frame"),
        Count.of(c.steps(), "step"),
        way(c.way()),
        time(c.seconds()));
  }

  /** {@code 40 s}, {@code 12 min}, {@code 3 h 10 min}: predictions are no more exact. */
  static String time(double seconds) {
    if (seconds < 100) {
      return String.format(Locale.ROOT, "%.0f s", Math.ceil(seconds));
    }
    Duration rounded = Duration.ofMinutes(Math.round(seconds / 60));
    return rounded.toHours() == 0
        ? rounded.toMinutes() + " min"
        : String.format(Locale.ROOT, "%d h %02d min", rounded.toHours(), rounded.toMinutesPart());
  }
}
