// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** How fast solvers come near the truth where the truth is known. */
class SolverOrderTest {
  /** The clips of the stand-in model: normal, mean 0, this wide. */
  private static final double WIDTH = 0.5;

  private static final double A = -0.7;
  private static final double W = 3.0;

  /** A linear equation, dx/dsigma = A x + cos(W sigma). */
  private static float[] linear(float[] x, double sigma) {
    return new float[] {(float) (A * x[0] + Math.cos(W * sigma))};
  }

  /** Its solution through {@code x} at sigma 1, at sigma 0. */
  private static double exact(double x) {
    double scale = 1 / (A * A + W * W);
    double atOne = scale * (W * Math.sin(W) - A * Math.cos(W));
    double atZero = scale * -A;
    return (x - atOne) * Math.exp(-A) + atZero;
  }

  private static double error(SamplingMethod method, int steps) {
    FlowSchedule schedule = FlowSchedule.plain(steps, 3);
    Sampler sampler = method.create(schedule, (step, length) -> new float[length]);
    Denoiser model = (x, t, step) -> linear(x, schedule.sigma(step));
    float[] end = new SamplingLoop(sampler, model).run(new float[] {1.25f});
    return Math.abs(end[0] - exact(1.25f));
  }

  @ParameterizedTest
  @CsvSource({"EULER, 1", "DISTILLED, 1", "UNIPC, 2", "DPMPP_2M, 2", "RES_MULTISTEP, 2"})
  void halvingTheStepsDividesTheErrorAsTheOrderSays(SamplingMethod method, int order) {
    double coarse = error(method, 200);
    double fine = error(method, 800);
    double measured = Math.log(coarse / fine) / Math.log(4);
    assertThat(measured)
        .as("%s: %g, then %g", method, coarse, fine)
        .isBetween(order - 0.2, order + 1.0);
  }

  /** Velocity of the exact flow, for normal clips. */
  private static float[] normal(float[] x, double sigma) {
    double clean = (1 - sigma) * WIDTH * WIDTH / variance(sigma) * x[0];
    return new float[] {(float) ((x[0] - clean) / sigma)};
  }

  private static double variance(double sigma) {
    return (1 - sigma) * (1 - sigma) * WIDTH * WIDTH + sigma * sigma;
  }

  /**
   * Width of the clips that come out. All is linear in the noise, so it is the length of the vector
   * of what each draw alone does.
   */
  private static double widthOfClips(SamplingMethod method, FlowSchedule schedule, Denoiser model) {
    double sum = 0;
    for (int drawn = -1; drawn < schedule.steps(); drawn++) {
      int only = drawn;
      StepNoise noise = (step, length) -> new float[] {step == only ? 1 : 0};
      Sampler sampler = method.create(schedule, noise);
      float[] x = method.begin(new float[] {drawn == -1 ? 1 : 0}, schedule);
      double out = new SamplingLoop(sampler, model).run(x)[0];
      sum += out * out;
    }
    return Math.sqrt(sum);
  }

  @Test
  void eulerAncestralComesToTheRightDistributionAtOrderOne() {
    double[] errors = new double[3];
    for (int i = 0; i < errors.length; i++) {
      FlowSchedule schedule = FlowSchedule.plain(25 << i, 1);
      Denoiser model = (x, t, step) -> normal(x, schedule.sigma(step));
      errors[i] = Math.abs(widthOfClips(SamplingMethod.EULER_ANCESTRAL, schedule, model) - WIDTH);
    }
    assertThat(Math.log(errors[0] / errors[2]) / Math.log(4))
        .as("%g, %g, %g", errors[0], errors[1], errors[2])
        .isBetween(0.7, 1.5);
  }

  /**
   * Where the model gives the end of the flow at once, as distillation wants it, nothing is lost.
   */
  @ParameterizedTest
  @EnumSource(
      value = SamplingMethod.class,
      names = {"LCM", "RCM"})
  void freshNoiseKeepsTheDistributionOfAPerfectlyDistilledModel(SamplingMethod method) {
    for (FlowSchedule schedule :
        new FlowSchedule[] {FlowSchedule.rcm(4, 1e6), FlowSchedule.ofSigmas(0.999999f, 0.7f)}) {
      Denoiser model =
          (x, t, step) -> {
            double sigma = schedule.sigma(step);
            double clean = x[0] * WIDTH / Math.sqrt(variance(sigma));
            return new float[] {(float) ((x[0] - clean) / sigma)};
          };
      assertThat(widthOfClips(method, schedule, model)).isEqualTo(WIDTH, within(1e-5));
    }
  }
}
