// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Step caches against their definitions, computed here pass by pass as the authors' programs do:
 * magcache_forward, teacache_forward and easycache_forward.
 */
class StepCacheTest {
  private static final int STEPS = 20;
  private static final CacheSteps ONE_NETWORK = new CacheSteps(STEPS, List.of(0), 0);

  /** Latents and predictions of a made-up run that moves slower and slower. */
  private static float[] latents(int step) {
    return new float[] {4f / (1 + step), -2f + 0.3f * step, (float) Math.sin(step / 3.0)};
  }

  private static float[] velocity(int step, int branch) {
    return new float[] {
      1 + 0.05f * step + branch, -1 + (float) Math.cos(step / 4.0), 0.5f / (1 + step) - branch
    };
  }

  private static float[] signal(int step) {
    return new float[] {1 + step * step / 80f, 2 - step / 30f};
  }

  private static PassView view(int step) {
    return new PassView() {
      @Override
      public float[] latents() {
        return StepCacheTest.latents(step);
      }

      @Override
      public float[] timeSignal(int other) {
        return signal(other);
      }
    };
  }

  /** Which of the two branches' passes are reused: [step][branch]. */
  private static boolean[][] run(StepCache cache, int from, int to, boolean[][] reused) {
    for (int step = from; step < to; step++) {
      for (int branch = 0; branch < 2; branch++) {
        reused[step][branch] = cache.reuses(step, branch, view(step));
      }
      for (int branch = 0; branch < 2; branch++) {
        if (!reused[step][branch]) {
          cache.computed(step, branch, latents(step), velocity(step, branch));
        }
      }
    }
    return reused;
  }

  private static boolean[][] run(CacheNumbers numbers) {
    return run(StepCache.of(numbers, ONE_NETWORK), 0, STEPS, new boolean[STEPS][2]);
  }

  private static CacheNumbers mag(String rest) {
    String prompt = joined(i -> 1 - 0.004 * i);
    String without = joined(i -> 1 + 0.01 * (i % 3));
    return CacheNumbers.parse("mag;" + rest + ";prompt=" + prompt + ";without=" + without);
  }

  private static String joined(IntFunction<Double> value) {
    List<String> all = new ArrayList<>();
    IntStream.range(0, STEPS).forEach(i -> all.add(value.apply(i).toString()));
    return String.join(",", all);
  }

  private static final CacheNumbers TEA =
      CacheNumbers.parse("tea;threshold=0.05;first=5;coefficients=1.5,-0.2,0.9,0.001");

  @ParameterizedTest
  @ValueSource(doubles = {0.02, 0.06, 0.12, 0.4})
  void magFollowsItsDefinition(double threshold) {
    CacheNumbers numbers = mag("threshold=" + threshold + ";keep=0.2;most=4");
    boolean[][] expected = new boolean[STEPS][2];
    double[] ratio = {1, 1};
    double[] error = {0, 0};
    int[] skips = {0, 0};
    for (int count = 0; count < 2 * STEPS; count++) {
      int b = count % 2;
      double own = (b == 0 ? numbers.prompt() : numbers.without()).get(count / 2);
      if (count >= (int) (2 * STEPS * 0.2)) {
        ratio[b] *= own;
        skips[b]++;
        error[b] += Math.abs(1 - ratio[b]);
        if (error[b] < threshold && skips[b] <= 4) {
          expected[count / 2][b] = true;
        } else {
          ratio[b] = 1;
          error[b] = 0;
          skips[b] = 0;
        }
      }
    }
    assertThat(run(numbers)).isDeepEqualTo(expected);
    assertThat(IntStream.range(0, STEPS).filter(i -> expected[i][0])).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.05, 0.1, 0.2})
  void teaFollowsItsDefinition(double threshold) {
    boolean[][] expected = new boolean[STEPS][2];
    double sum = 0;
    for (int step = 0; step < STEPS; step++) {
      float[] now = signal(step);
      float[] before = signal(Math.max(0, step - 1));
      double x =
          (Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]))
              / (Math.abs(before[0]) + Math.abs(before[1]));
      sum += 1.5 * x * x * x - 0.2 * x * x + 0.9 * x + 0.001;
      boolean computed = step < 5 || sum >= threshold;
      sum = computed ? 0 : sum;
      expected[step] = new boolean[] {!computed, !computed};
    }
    assertThat(run(TEA.withThreshold(threshold))).isDeepEqualTo(expected);
    assertThat(IntStream.range(0, STEPS).filter(i -> expected[i][0])).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.3, 1})
  void easyFollowsItsDefinition(double threshold) {
    boolean[][] expected = new boolean[STEPS][2];
    float[] input = null;
    float[] computedOn = null;
    float[] output = null;
    double k = Double.NaN;
    double error = 0;
    for (int step = 0; step < STEPS; step++) {
      float[] now = latents(step);
      boolean forced = step < 3 || step >= STEPS - 1 || Double.isNaN(k);
      error += forced ? 0 : k * distance(now, input) / distance(output, new float[3]);
      boolean reused = !forced && error < threshold;
      if (!reused) {
        error = 0;
        float[] made = velocity(step, 0);
        k = output == null ? Double.NaN : distance(made, output) / distance(now, computedOn);
        output = made;
        computedOn = now;
      }
      input = now;
      expected[step] = new boolean[] {reused, reused};
    }
    assertThat(run(CacheNumbers.EASY.withThreshold(threshold))).isDeepEqualTo(expected);
    assertThat(IntStream.range(0, STEPS).filter(i -> expected[i][0])).isNotEmpty();
  }

  private static double distance(float[] a, float[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> Math.abs((double) a[i] - b[i])).sum()
        / a.length;
  }

  @Test
  void easyAddsToTheLatentsWhatThePredictionDifferedBy() {
    StepCache cache = StepCache.of(CacheNumbers.EASY.withThreshold(100), ONE_NETWORK);
    run(cache, 0, 5, new boolean[STEPS][2]);
    int last = cache.lastComputed(1);
    assertThat(last).isEqualTo(2);
    for (int branch = 0; branch < 2; branch++) {
      float[] then = latents(last);
      float[] made = velocity(last, branch);
      float[] now = latents(5);
      assertThat(cache.velocity(branch, now))
          .containsExactly(
              now[0] + (made[0] - then[0]),
              now[1] + (made[1] - then[1]),
              now[2] + (made[2] - then[2]));
    }
  }

  private static CacheNumbers numbers(CacheKind kind) {
    return switch (kind) {
      case MAG -> mag("threshold=0.2;keep=0.2;most=3");
      case TEA -> TEA.withThreshold(0.2);
      case EASY -> CacheNumbers.EASY.withThreshold(0.5);
    };
  }

  @ParameterizedTest
  @EnumSource(CacheKind.class)
  void aRestoredCacheDecidesAsIfNothingHadHappened(CacheKind kind) {
    boolean[][] expected = run(numbers(kind));
    for (int stop = 1; stop < STEPS; stop++) {
      StepCache first = StepCache.of(numbers(kind), ONE_NETWORK);
      boolean[][] reused = run(first, 0, stop, new boolean[STEPS][2]);
      CacheState saved =
          new CacheState(CacheState.numbers(first.state().text()), first.state().arrays());
      StepCache second = StepCache.of(numbers(kind), ONE_NETWORK);
      second.restore(saved, stop, 3);
      assertThat(second.lastComputed(1)).isEqualTo(first.lastComputed(1));
      assertThat(second.lastLatents(0)).isEqualTo(first.lastLatents(0));
      assertThat(run(second, stop, STEPS, reused))
          .as("stopped at %d", stop)
          .isDeepEqualTo(expected);
    }
  }

  @ParameterizedTest
  @EnumSource(CacheKind.class)
  void aStateOfAnotherRunIsRefused(CacheKind kind) {
    StepCache cache = StepCache.of(numbers(kind), ONE_NETWORK);
    run(cache, 0, 8, new boolean[STEPS][2]);
    CacheState state = cache.state();
    StepCache fresh = StepCache.of(numbers(kind), ONE_NETWORK);
    for (CacheState wrong :
        List.of(
            CacheState.NONE,
            new CacheState(state.numbers(), List.of()),
            new CacheState(state.numbers().subList(1, state.numbers().size()), state.arrays()))) {
      assertThatThrownBy(() -> fresh.restore(wrong, 8, 3))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("cannot resume: what the step cache remembers");
    }
    assertThatThrownBy(() -> fresh.restore(state, 8, 4))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> fresh.restore(state, 2, 3))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /**
   * Another expert's blocks did something else: its first steps are computed, and nothing older is
   * used.
   */
  @ParameterizedTest
  @EnumSource(CacheKind.class)
  void nothingOfOneNetworkIsUsedForAnother(CacheKind kind) {
    CacheSteps two = new CacheSteps(STEPS, List.of(0, 12), 12);
    boolean[][] reused = run(StepCache.of(numbers(kind), two), 0, STEPS, new boolean[STEPS][2]);
    assertThat(reused[12]).containsExactly(false, false);
    assertThat(reused[13])
        .containsExactly(false, false); // keep: a fifth of 8 steps, first: 5, or k
    boolean before = false;
    boolean after = false;
    for (int step = 0; step < STEPS; step++) {
      before |= step < 12 && reused[step][0];
      after |= step > 12 && reused[step][0];
    }
    assertThat(before).isTrue();
    assertThat(after).isTrue();
  }

  @Test
  void aBranchThatWasNotAskedAtTheStepBeforeIsComputed() {
    StepCache cache = StepCache.of(mag("threshold=5;keep=0;most=0"), ONE_NETWORK);
    run(cache, 0, 6, new boolean[STEPS][2]);
    assertThat(cache.reuses(6, 0, view(6))).isTrue();
    assertThat(cache.reuses(7, 0, view(7))).isTrue();
    assertThat(cache.reuses(7, 1, view(7))).as("guidance was off at step 6").isFalse();
  }

  @Test
  void onlyTheLowNoiseExpertMayHaveIt() {
    CacheSteps two = new CacheSteps(STEPS, List.of(0, 10), 10);
    boolean[][] reused =
        run(
            StepCache.of(mag("threshold=0.5;keep=0.1;most=2;experts=low"), two),
            0,
            STEPS,
            new boolean[STEPS][2]);
    assertThat(IntStream.range(0, 11).filter(s -> reused[s][0])).isEmpty();
    assertThat(reused[11][0]).isTrue();
  }

  @Test
  void tablesAreStretchedToTheNearestStep() {
    assertThat(MagCache.nearest(List.of(1.0, 2.0, 3.0, 4.0, 5.0), 3)).containsExactly(1, 3, 5);
    assertThat(MagCache.nearest(List.of(1.0, 2.0, 3.0), 5)).containsExactly(1, 1, 2, 3, 3);
    assertThat(MagCache.nearest(List.of(1.0, 2.0), 1)).containsExactly(2);
  }
}
