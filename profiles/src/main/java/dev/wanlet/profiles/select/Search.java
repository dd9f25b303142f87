// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.memory.MemoryBudget;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.memory.StepPasses.CacheUse;
import dev.wanlet.wan.request.GenerationRequest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The ideas of one selection, and what planning them gave. A plan takes tenths of a second, so each
 * size and length is planned once, and only when it may be wanted. Confined to one thread.
 */
final class Search {
  /** A size and length of a model in a recipe, for any number of steps. */
  private record Clip(Selector.Option option, FrameSize size, int frames) {}

  private final MemoryBudget budget;
  private final List<Idea> ideas = new ArrayList<>();
  private final Map<Clip, Object> planned = new HashMap<>();

  /** Lists the ideas. */
  Search(List<Selector.Option> options, Wish wish, MemoryBudget budget) {
    this.budget = budget;
    for (Selector.Option option : options) {
      Wish own = option.way().isOwn() ? wish : wish.with(option.way().settings());
      Grid grid = new Grid(option.model(), own);
      int aimed = own.frames(option.model());
      for (FrameSize size : grid.sizes()) {
        for (int frames : grid.lengths()) {
          for (int steps : grid.steps()) {
            RunPlanner.Job job = job(option, own, size, frames, steps);
            if (option.way().cache().isPresent() && job.passes().cache().equals(CacheUse.NONE)) {
              continue; // of so few steps the cache is off
            }
            double quality = QualityScore.of(option, job, steps, aimed);
            ideas.add(new Idea(option, job, steps, quality, option.planner().leastSeconds(job)));
          }
        }
      }
    }
  }

  private static RunPlanner.Job job(
      Selector.Option option, Wish wish, FrameSize size, int frames, int steps) {
    return GenerationRequest.builder()
        .set(Choice.settings(wish.given(), size, frames, steps))
        .toPlan(option.model(), option.tokens());
  }

  /** All of them, planned or not. */
  List<Idea> ideas() {
    return ideas;
  }

  /** In some order, the first idea worth planning whose plan is good. */
  Optional<Candidate> first(
      Comparator<Idea> order, Predicate<Idea> worthwhile, Predicate<Candidate> good) {
    return ideas.stream()
        .filter(worthwhile)
        .sorted(order)
        .map(this::planned)
        .flatMap(Optional::stream)
        .filter(good)
        .findFirst();
  }

  /** Every idea that fits. */
  List<Candidate> all() {
    return ideas.stream().map(this::planned).flatMap(Optional::stream).toList();
  }

  /** The idea's plan; empty if it does not fit, or this version cannot run it. */
  Optional<Candidate> planned(Idea idea) {
    return plan(idea) instanceof RunPlan plan && plan.isComplete()
        ? Optional.of(new Candidate(idea, plan.withSteps(idea.job().steps(), idea.job().passes())))
        : Optional.empty();
  }

  /** Why an idea does not fit; empty if it does. */
  Optional<MemoryBudgetException> refusal(Idea idea) {
    return plan(idea) instanceof MemoryBudgetException refusal
        ? Optional.of(refusal)
        : Optional.empty();
  }

  private Object plan(Idea idea) {
    Clip clip = new Clip(idea.option(), idea.job().size(), idea.job().frames());
    return planned.computeIfAbsent(clip, c -> plan(idea.option().planner(), idea.job()));
  }

  private Object plan(RunPlanner planner, RunPlanner.Job job) {
    try {
      return planner.plan(job, budget);
    } catch (MemoryBudgetException e) {
      return e;
    }
  }

  /** What the least demanding idea lacks. */
  MemoryBudgetException smallestRefusal() {
    return ideas.stream()
        .map(this::refusal)
        .flatMap(Optional::stream)
        .min(Comparator.comparingLong(MemoryBudgetException::neededBytes))
        .orElseThrow(() -> new IllegalArgumentException("none of the models can be run"));
  }
}
