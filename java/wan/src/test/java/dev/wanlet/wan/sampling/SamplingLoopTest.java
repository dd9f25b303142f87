// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SamplingLoopTest {
  private static final int LENGTH = 37;

  /** A stand-in model that is neither linear nor smooth in time, so that history matters. */
  private static final Denoiser MODEL =
      (x, t, step) -> {
        float[] v = new float[x.length];
        for (int k = 0; k < v.length; k++) {
          v[k] = (float) Math.sin(3 * x[k] + t / 200) + 0.1f * (k % 5);
        }
        return v;
      };

  private static Sampler sampler(SamplingMethod method) {
    return method.create(schedule(method, 6), StepNoise.seeded(11));
  }

  /** rCM has at most four levels of its own. */
  private static FlowSchedule schedule(SamplingMethod method, int steps) {
    return method == SamplingMethod.RCM
        ? FlowSchedule.plain(steps, 5.0)
        : method.schedule(steps, 5.0);
  }

  private static float[] noise() {
    return new TorchRandom(3).randn(LENGTH);
  }

  @ParameterizedTest
  @EnumSource(SamplingMethod.class)
  void resumedEqualsUninterruptedBitForBit(SamplingMethod method) {
    List<SamplerState> states = new ArrayList<>();
    List<float[]> latents = new ArrayList<>();
    Sampler whole = sampler(method);
    states.add(whole.state());
    latents.add(noise());
    float[] expected =
        new SamplingLoop(whole, MODEL)
            .withListener(
                step -> {
                  states.add(step.sampler().state());
                  latents.add(step.latents().clone());
                })
            .run(noise());

    assertThat(states).hasSize(7);
    for (int k = 0; k < states.size(); k++) {
      Sampler resumed = sampler(method);
      resumed.restore(states.get(k));
      assertThat(resumed.nextStep()).isEqualTo(k);
      float[] actual = new SamplingLoop(resumed, MODEL).run(latents.get(k).clone());
      assertThat(actual).as("resumed before step %d", k).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @EnumSource(SamplingMethod.class)
  void aSamplerCanGoBackToAnEarlierState(SamplingMethod method) {
    Sampler sampler = sampler(method);
    SamplerState start = sampler.state();
    float[] first = new SamplingLoop(sampler, MODEL).run(noise());
    sampler.restore(start);
    assertThat(new SamplingLoop(sampler, MODEL).run(noise())).isEqualTo(first);
  }

  @ParameterizedTest
  @EnumSource(SamplingMethod.class)
  void aPerfectModelIsSolvedInAnyNumberOfSteps(SamplingMethod method) {
    // For a single clean clip c the exact velocity is (x - c) / sigma: every solver must end in c.
    float[] clean = new TorchRandom(21).randn(LENGTH);
    for (int steps : new int[] {1, 2, 3, 10}) {
      FlowSchedule schedule = schedule(method, steps);
      Denoiser perfect =
          (x, t, step) -> {
            float[] v = new float[x.length];
            for (int k = 0; k < v.length; k++) {
              v[k] = (x[k] - clean[k]) / schedule.sigma(step);
            }
            return v;
          };
      Sampler sampler = method.create(schedule, StepNoise.seeded(11));
      float[] end = new SamplingLoop(sampler, perfect).run(noise());
      for (int k = 0; k < LENGTH; k++) {
        assertThat(Math.abs(end[k] - clean[k])).as("%d steps", steps).isLessThan(2e-6f);
      }
    }
  }

  @Test
  void nonFinitePredictionsStopTheRunAndNameTheStep() {
    Denoiser broken =
        (x, t, step) -> {
          float[] v = MODEL.predict(x, t, step);
          v[4] = step == 2 ? Float.NaN : v[4];
          v[9] = step == 2 ? Float.POSITIVE_INFINITY : v[9];
          return v;
        };
    SamplingLoop loop = new SamplingLoop(sampler(SamplingMethod.EULER), broken);
    NonFiniteException failure =
        catchThrowableOfType(NonFiniteException.class, () -> loop.run(noise()));
    assertThat(failure.step()).isEqualTo(2);
    assertThat(failure)
        .hasMessageContaining("step 3 of 6 (timestep 909.0909, euler)")
        .hasMessageContaining("the model's prediction holds 2 of 37")
        .hasMessageContaining("first NaN at index 4")
        .hasMessageContaining("Try precision f32");
    assertThat(loop.sampler().nextStep()).isEqualTo(2);
  }

  @Test
  void overflowingLatentsStopTheRun() {
    Denoiser huge =
        (x, t, step) -> {
          float[] v = new float[x.length];
          Arrays.fill(v, -Float.MAX_VALUE);
          return v;
        };
    float[] start = new float[LENGTH];
    Arrays.fill(start, Float.MAX_VALUE);
    assertThatExceptionOfType(NonFiniteException.class)
        .isThrownBy(() -> new SamplingLoop(sampler(SamplingMethod.EULER), huge).run(start))
        .withMessageContaining("the latents hold")
        .withMessageContaining("Infinity");
  }

  @Test
  void aCancelledRunLeavesACheckpoint() {
    float[] expected = new SamplingLoop(sampler(SamplingMethod.UNIPC), MODEL).run(noise());
    Sampler sampler = sampler(SamplingMethod.UNIPC);
    SamplingLoop loop = new SamplingLoop(sampler, MODEL);
    float[] latents = noise();
    SamplingCancelledException stop =
        catchThrowableOfType(
            SamplingCancelledException.class,
            () -> loop.withCancelled(() -> sampler.nextStep() == 4).run(latents));
    assertThat(stop).hasMessage("sampling cancelled after 4 of 6 steps");
    assertThat(stop.completedSteps()).isEqualTo(4);
    assertThat(loop.run(latents)).isEqualTo(expected);
  }

  @Test
  void constraintsHoldAfterEveryStepAndListenersSeeThem() {
    List<Integer> seen = new ArrayList<>();
    float[] end =
        new SamplingLoop(sampler(SamplingMethod.DPMPP_2M), MODEL)
            .withConstraint((x, step) -> x[0] = 42)
            .withListener(
                step -> {
                  assertThat(step.latents()[0]).isEqualTo(42);
                  assertThat(step.steps()).isEqualTo(6);
                  assertThat(step.timestep())
                      .isEqualTo(step.sampler().schedule().timestep(step.index()));
                  seen.add(step.index());
                })
            .run(noise());
    assertThat(seen).containsExactly(0, 1, 2, 3, 4, 5);
    assertThat(end[0]).isEqualTo(42);
  }

  @Test
  void stepsComeInOrderAndFit() {
    Sampler sampler = sampler(SamplingMethod.UNIPC);
    float[] x = noise();
    assertThatIllegalStateException()
        .isThrownBy(() -> sampler.step(1, x, noise()))
        .withMessageContaining("step 0 is next");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sampler.step(0, x, new float[5]))
        .withMessageContaining("velocity has 5 values, the latents have 37");
    sampler.step(0, x, noise());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sampler.step(1, new float[5], new float[5]))
        .withMessageContaining("has 37 values, the latents have 5");
    new SamplingLoop(sampler, MODEL).run(x);
    assertThatIllegalStateException()
        .isThrownBy(() -> sampler.step(6, x, noise()))
        .withMessageContaining("all 6 steps are done");
  }

  @Test
  void foreignOrDamagedStatesAreRefused() {
    Sampler source = sampler(SamplingMethod.UNIPC);
    source.step(0, noise(), noise());
    SamplerState good = source.state();
    Sampler target = sampler(SamplingMethod.UNIPC);

    assertRefused(sampler(SamplingMethod.EULER), good, "it was written by unipc");
    assertRefused(new UniPcSampler(FlowSchedule.unipc(7, 5.0)), good, "noise levels differ");
    assertRefused(target, with(good, 2, good.history()), "expected 3 before step 2");
    assertRefused(target, with(good, 9, good.history()), "outside 0..6");
    List<float[]> uneven = List.of(new float[3], new float[4]);
    assertRefused(target, with(good, 1, uneven), "3 and 4 values");
    assertThat(target.nextStep()).isZero();
  }

  private static void assertRefused(Sampler sampler, SamplerState state, String reason) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sampler.restore(state))
        .withMessageContaining(reason);
  }

  private static SamplerState with(SamplerState state, int nextStep, List<float[]> history) {
    return new SamplerState(state.method(), nextStep, state.sigmas(), history);
  }

  @ParameterizedTest
  @EnumSource(SamplingMethod.class)
  void methodsThatDrawNoiseNeedIt(SamplingMethod method) {
    FlowSchedule schedule = schedule(method, 4);
    if (method.drawsNoise()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> method.create(schedule))
          .withMessage(
              method
                  + " draws noise at every step: create it with a StepNoise, such as"
                  + " StepNoise.seeded(seed)");
    } else {
      assertThat(method.create(schedule).method()).isEqualTo(method);
    }
  }

  @ParameterizedTest
  @EnumSource(SamplingMethod.class)
  void theSeedDecides(SamplingMethod method) {
    float[] first = new SamplingLoop(seeded(method, 11), MODEL).run(noise());
    assertThat(new SamplingLoop(seeded(method, 11), MODEL).run(noise())).isEqualTo(first);
    float[] other = new SamplingLoop(seeded(method, 12), MODEL).run(noise());
    assertThat(Arrays.equals(other, first)).isEqualTo(!method.drawsNoise());
  }

  private static Sampler seeded(SamplingMethod method, long seed) {
    return method.create(schedule(method, 6), StepNoise.seeded(seed));
  }

  @Test
  void guidanceCombinesAndSkipsTheSecondPassAtOne() {
    float[] guided = new Guidance(5).combine(new float[] {2, 3}, new float[] {1, 5});
    assertThat(guided).containsExactly(6, -5);

    float[] shared = new float[1]; // both branches answer in the same buffer
    int[] calls = new int[2];
    Denoiser cond = (x, t, step) -> answer(shared, 2, calls, 0);
    Denoiser uncond = (x, t, step) -> answer(shared, 1, calls, 1);
    Denoiser both = Guidance.denoiser(cond, uncond, step -> step == 0 ? 4 : 1);
    assertThat(both.predict(new float[1], 900, 0)).containsExactly(5);
    assertThat(both.predict(new float[1], 800, 1)).containsExactly(2);
    assertThat(calls).containsExactly(2, 1);

    for (float scale : new float[] {-1, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new Guidance(scale))
          .withMessageContaining("guidance scale " + scale);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Guidance(2).combine(new float[2], new float[3]))
        .withMessageContaining("has 2 values, the unconditional 3");
  }

  private static float[] answer(float[] buffer, float value, int[] calls, int branch) {
    calls[branch]++;
    buffer[0] = value;
    return buffer;
  }
}
