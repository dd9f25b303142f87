// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FlowScheduleTest {
  @Test
  void theLastStepsAreThoseOfTheWhole() {
    FlowSchedule whole = FlowSchedule.unipc(10, 5);
    FlowSchedule last = whole.last(6);
    assertThat(last.steps()).isEqualTo(6);
    for (int i = 0; i < 6; i++) {
      assertThat(last.sigma(i)).isEqualTo(whole.sigma(4 + i));
      assertThat(last.timestep(i)).isEqualTo(whole.timestep(4 + i));
    }
    assertThat(last.sigma(6)).isZero();
    assertThat(whole.last(10)).isEqualTo(whole);
  }

  @Test
  void plainTableShiftsOnceAndDoesNotRound() {
    FlowSchedule schedule = FlowSchedule.plain(4, 3.0);
    assertThat(schedule.sigmas())
        .containsExactly(new float[] {1.0f, 0.9f, 0.75f, 0.5f, 0.0f}, eps());
    assertThat(schedule.timesteps())
        .containsExactly(new float[] {1000, 900, 750, 500}, within(1e-4f));
    assertThat(FlowSchedule.plain(3, 1.0).timestep(1)).isEqualTo(666.6667f);
  }

  @Test
  void distilledTableGivesTheWarpedSteps() {
    float[] timesteps = FlowSchedule.distilled(new int[] {1000, 750, 500, 250}, 5.0).timesteps();
    assertThat(timesteps)
        .containsExactly(new float[] {1000f, 937.5f, 833.3333f, 625f}, within(1e-3f));
  }

  @Test
  void fewStepMethodsSpreadTheirStepsEvenly() {
    float[] timesteps = SamplingMethod.LCM.schedule(8, 5.0).timesteps();
    assertThat(timesteps)
        .containsExactly(
            new float[] {1000f, 972.2f, 937.5f, 892.9f, 833.3f, 750f, 625f, 416.7f}, within(0.1f));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SamplingMethod.DISTILLED.schedule(1001, 5.0))
        .withMessageContaining("1001");
  }

  @Test
  void listsAreTakenAsTheyAre() {
    assertThat(FlowSchedule.ofTimesteps(1000, 757, 522).timesteps())
        .containsExactly(1000, 757, 522);
    FlowSchedule open = FlowSchedule.ofSigmas(1.0f, 0.5f);
    assertThat(open.sigmas()).containsExactly(1.0f, 0.5f, 0.0f);
    assertThat(open)
        .isEqualTo(FlowSchedule.ofSigmas(1.0f, 0.5f, 0.0f))
        .hasSameHashCodeAs(FlowSchedule.ofSigmas(1.0f, 0.5f, 0.0f));
    assertThat(open).isNotEqualTo(FlowSchedule.ofSigmas(1.0f, 0.6f));
  }

  @Test
  void callersCannotChangeIt() {
    FlowSchedule schedule = FlowSchedule.plain(2, 1.0);
    schedule.sigmas()[0] = 7;
    schedule.timesteps()[0] = 7;
    assertThat(schedule.sigma(0)).isEqualTo(1.0f);
    assertThat(schedule.timestep(0)).isEqualTo(1000.0f);
  }

  @ParameterizedTest
  @EnumSource(value = SamplingMethod.class, names = "RCM", mode = EnumSource.Mode.EXCLUDE)
  void stepsAndShiftMustMakeSense(SamplingMethod method) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> method.schedule(0, 5.0))
        .withMessageContaining("0 sampling steps");
    for (double shift : new double[] {0.0, -1.0, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> method.schedule(4, shift))
          .withMessageContaining("flow shift " + shift);
    }
    assertThat(method.schedule(1, 5.0).steps()).isEqualTo(1);
  }

  @Test
  void listsMustDescend() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FlowSchedule.ofSigmas(1.0f, 0.5f, 0.5f))
        .withMessageContaining("level 1 is 0.5 and the next is 0.5");
    assertThatIllegalArgumentException().isThrownBy(() -> FlowSchedule.ofSigmas(1.5f, 0.5f));
    assertThatIllegalArgumentException().isThrownBy(() -> FlowSchedule.ofSigmas(Float.NaN));
    assertThatIllegalArgumentException().isThrownBy(() -> FlowSchedule.ofSigmas(0.0f));
    assertThatIllegalArgumentException().isThrownBy(FlowSchedule::ofTimesteps);
    assertThatIllegalArgumentException().isThrownBy(() -> FlowSchedule.ofTimesteps(1500f));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FlowSchedule.distilled(new int[] {500, 750}, 5.0))
        .withMessageContaining("entry 1 is 750");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FlowSchedule.distilled(new int[] {1001}, 5.0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "unipc",
        "UniPC",
        "dpm++2m",
        "DPMPP",
        "dpm++",
        "euler",
        "LCM",
        " distilled ",
        "Euler-A",
        "rCM",
        "res_multistep"
      })
  void methodsAreFoundByName(String name) {
    SamplingMethod method = SamplingMethod.parse(name);
    assertThat(method.names()).contains(name.strip().toLowerCase());
    assertThat(SamplingMethod.parse(method.id())).isEqualTo(method);
  }

  @Test
  void unknownMethodsAreListedInTheError() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SamplingMethod.parse("heun"))
        .withMessage(
            "unknown sampling method 'heun'; expected one of unipc, dpm++2m, euler, euler_a,"
                + " res_multistep, distilled, lcm, rcm");
  }

  @Test
  void expertsSwitchWhereAsked() {
    FlowSchedule schedule = FlowSchedule.distilled(new int[] {1000, 750, 500, 250}, 5.0);
    assertThat(ExpertSchedule.atBoundary(schedule, 0.9, 1, 1).firstLowStep()).isEqualTo(2);
    assertThat(ExpertSchedule.atBoundary(schedule, 0.0, 1, 1).firstLowStep()).isEqualTo(4);
    ExpertSchedule fixed = ExpertSchedule.afterSteps(schedule, 1, 3.5f, 1);
    assertThat(fixed.guidance(0).needsUnconditional()).isTrue();
    assertThat(fixed.guidance(1).needsUnconditional()).isFalse();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ExpertSchedule.afterSteps(schedule, 5, 1, 1))
        .withMessageContaining("expected 0 to 4");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ExpertSchedule.atBoundary(schedule, 875, 1, 1))
        .withMessageContaining("875");
  }

  private static Offset<Float> eps() {
    return within(1e-6f);
  }
}
