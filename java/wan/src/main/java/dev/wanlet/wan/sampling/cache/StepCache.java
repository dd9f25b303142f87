// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

import java.util.ArrayList;
import java.util.List;

/**
 * Tells before each pass of a run whether the blocks run, or what they did last is used again. A
 * pass is one step of one branch of guidance: 0 with the prompt, 1 without. Whatever the rule says,
 * a pass is computed where there is nothing to use again: where the branch was not asked at the
 * step before, or another network has run since. Confined to one thread.
 */
public abstract class StepCache {
  /** Branches of guidance. */
  static final int BRANCHES = 2;

  private final CacheNumbers numbers;
  private final CacheSteps steps;
  private final int[] asked = {-1, -1}; // last step at which a branch was asked
  private final int[] computed = {-1, -1}; // last step at which its blocks ran
  private final float[][] latents = new float[BRANCHES][]; // what they ran on

  StepCache(CacheNumbers numbers, CacheSteps steps) {
    this.numbers = numbers;
    this.steps = steps;
  }

  /** Starts a run. */
  public static StepCache of(CacheNumbers numbers, CacheSteps steps) {
    return switch (numbers.kind()) {
      case MAG -> new MagCache(numbers, steps);
      case TEA -> new TeaCache(numbers, steps);
      case EASY -> new EasyCache(numbers, steps);
    };
  }

  /** Which cache this is. */
  public final CacheKind kind() {
    return numbers.kind();
  }

  final CacheNumbers numbers() {
    return numbers;
  }

  final CacheSteps steps() {
    return steps;
  }

  /**
   * Whether a pass does without the blocks. Asked once for every pass that a step takes, steps in
   * order.
   */
  public final boolean reuses(int step, int branch, PassView view) {
    boolean continues = computed[branch] >= steps.start(step) && asked[branch] == step - 1;
    boolean free = continues && steps.isFree(step, numbers);
    asked[branch] = step;
    return decide(step, branch, free, view);
  }

  /**
   * Decides, and takes note of what it sees.
   *
   * @param free whether there is a choice; else the pass is computed whatever this returns, which
   *     must be false
   */
  abstract boolean decide(int step, int branch, boolean free, PassView view);

  /**
   * Hears what was computed.
   *
   * @param on the latents, which are copied
   * @param velocity the prediction, which is copied
   */
  public final void computed(int step, int branch, float[] on, float[] velocity) {
    boolean shared = branch > 0 && computed[0] == step;
    latents[branch] = shared ? latents[0] : on.clone();
    int before = computed[branch];
    computed[branch] = step;
    learn(branch, before >= steps.start(step), velocity);
  }

  /**
   * Learns from a computed pass.
   *
   * @param continues whether the pass before it was one of the same network
   */
  abstract void learn(int branch, boolean continues, float[] velocity);

  /** The step at which a branch's blocks ran last. */
  public final int lastComputed(int branch) {
    return computed[branch];
  }

  /** The latents they ran on; the array itself. */
  public final float[] lastLatents(int branch) {
    return latents[branch];
  }

  /**
   * The prediction of a pass that does without the blocks, where a cache keeps whole predictions.
   *
   * @throws UnsupportedOperationException if {@link CacheKind#keepsBlocks()}
   */
  public float[] velocity(int branch, float[] now) {
    throw new UnsupportedOperationException(kind() + " keeps no predictions");
  }

  /** Numbers a rule remembers beside. */
  abstract List<Double> ownNumbers();

  /** Arrays a rule remembers beside, each as long as the latents; none that it has not yet. */
  abstract List<float[]> ownArrays();

  /** Takes over what {@link #ownNumbers} and {@link #ownArrays} gave. */
  abstract void restoreOwn(List<Double> own, List<float[]> arrays);

  /** What it remembers, to be saved with the latents; the arrays themselves. */
  public final CacheState state() {
    List<Double> all = new ArrayList<>();
    List<float[]> arrays = new ArrayList<>();
    for (int b = 0; b < BRANCHES; b++) {
      all.add((double) asked[b]);
      all.add((double) computed[b]);
      if (latents[b] != null && (b == 0 || latents[b] != latents[0])) {
        arrays.add(latents[b]);
      }
    }
    all.addAll(ownNumbers());
    arrays.addAll(ownArrays());
    return new CacheState(all, arrays);
  }

  /**
   * Goes back to a saved state; takes the arrays over as copies.
   *
   * @param nextStep the step that comes next
   * @param length values of the latents
   * @throws IllegalArgumentException if the state is not of such a run
   */
  public final void restore(CacheState state, int nextStep, int length) {
    List<Double> all = state.numbers();
    boolean possible =
        all.size() == 2 * BRANCHES + ownNumbers().size()
            && state.arrays().stream().allMatch(a -> a.length == length);
    for (int b = 0; possible && b < BRANCHES; b++) {
      asked[b] = whole(all.get(2 * b));
      computed[b] = whole(all.get(2 * b + 1));
      possible = asked[b] >= computed[b] && computed[b] >= -1 && asked[b] < nextStep;
    }
    int own = (computed[0] >= 0 ? 1 : 0) + (hasOwnLatents(1) ? 1 : 0);
    if (!possible || state.arrays().size() < own) {
      throw damaged();
    }
    int taken = 0;
    for (int b = 0; b < BRANCHES; b++) {
      if (computed[b] >= 0) {
        latents[b] = b > 0 && !hasOwnLatents(b) ? latents[0] : copy(state.arrays().get(taken++));
      }
    }
    restoreOwn(
        all.subList(2 * BRANCHES, all.size()),
        state.arrays().subList(own, state.arrays().size()).stream().map(StepCache::copy).toList());
  }

  private boolean hasOwnLatents(int branch) {
    return computed[branch] >= 0 && computed[branch] != computed[0];
  }

  private static float[] copy(float[] array) {
    return array.clone();
  }

  private static int whole(double number) {
    if (number != Math.rint(number)) {
      throw damaged();
    }
    return (int) number;
  }

  static IllegalArgumentException damaged() {
    return new IllegalArgumentException(
        "cannot resume: what the step cache remembers is not of such a run; the file is damaged");
  }

  /** Mean of |a - b|. */
  static double meanDistance(float[] a, float[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += Math.abs((double) a[k] - b[k]);
    }
    return sum / a.length;
  }

  /** Mean of |a|. */
  static double meanSize(float[] a) {
    double sum = 0;
    for (float value : a) {
      sum += Math.abs((double) value);
    }
    return sum / a.length;
  }
}
