// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists of levels, schedulers, and rCM's table. */
class NoiseLevelsTest {
  @Test
  void aListIsReadAndWritten() {
    SigmaList list = SigmaList.parse("1, 0.9375,.8333,0.625,0");
    assertThat(list).hasToString("1,0.9375,0.8333,0.625");
    assertThat(SigmaList.parse(list.toString())).isEqualTo(list);
    assertThat(list.steps()).isEqualTo(4);
    assertThat(list.schedule().sigmas()).containsExactly(1f, 0.9375f, 0.8333f, 0.625f, 0f);
    assertThat(list.schedule().timestep(1)).isEqualTo(937.5f);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1,x|'x' is no number",
        "''|'' is no number",
        "1,,0.5|'' is no number",
        "0|must fall strictly",
        "0.5,0.5|level 0 is 0.5 and the next is 0.5",
        "0.5,1|must fall strictly",
        "1.5,1|level 0 is 1.5",
        "1,NaN|must fall strictly",
        "1,-0.1|must fall strictly"
      })
  void otherListsAreRefused(String text, String reason) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigmaList.parse(text))
        .withMessageContaining(reason);
  }

  @ParameterizedTest
  @EnumSource(NoiseScheduler.class)
  void schedulersAreFoundByName(NoiseScheduler scheduler) {
    assertThat(NoiseScheduler.parse(" " + scheduler.name())).isEqualTo(scheduler);
    assertThat(NoiseScheduler.parse(scheduler.id())).isEqualTo(scheduler);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sgm_uniform|no scheduler 'sgm_uniform': with flow matching it is 'simple' but for"
            + " rounding",
        "kl-optimal|no scheduler 'kl-optimal': its levels are those of models whose noise has no",
        "linear|unknown scheduler 'linear'; expected one of simple, beta, karras"
      })
  void otherSchedulersAreRefusedByName(String name, String reason) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NoiseScheduler.parse(name))
        .withMessageStartingWith(reason)
        .withMessageEndingWith("simple, beta, karras");
  }

  @Test
  void levelsMustSufficeForTheSteps() {
    assertThat(NoiseScheduler.BETA.schedule(138, 5).steps()).isEqualTo(138);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NoiseScheduler.BETA.schedule(139, 5))
        .withMessageContaining("beta schedule")
        .withMessageContaining("use fewer steps");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NoiseScheduler.SIMPLE.schedule(0, 5))
        .withMessageContaining("0 sampling steps");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NoiseScheduler.KARRAS.schedule(4, 0))
        .withMessageContaining("flow shift 0");
  }

  @Test
  void quantilesOfTheBetaDistribution() {
    // scipy.stats.beta.ppf(p, 0.6, 0.6)
    assertThat(BetaQuantile.of(0.05, 0.6)).isEqualTo(0.012554456873611399, within(1e-9));
    assertThat(BetaQuantile.of(0.3, 0.6)).isEqualTo(0.23401700387523572, within(1e-9));
    assertThat(BetaQuantile.of(0.5, 0.6)).isEqualTo(0.5, within(1e-9));
    assertThat(BetaQuantile.of(1.0, 0.6)).isEqualTo(1.0, within(1e-9));
    assertThat(BetaQuantile.of(0.95, 0.6)).isEqualTo(1 - 0.012554456873611399, within(1e-9));
    // of 1 and 1 it is the line, of 2 and 2 the share below x is 3x^2 - 2x^3
    assertThat(BetaQuantile.of(0.3, 1)).isEqualTo(0.3, within(1e-9));
    assertThat(BetaQuantile.of(3 * 0.04 - 2 * 0.008, 2)).isEqualTo(0.2, within(1e-9));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, -1})
  void rcmHasOneToFourSteps(int steps) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SamplingMethod.RCM.schedule(steps, 5))
        .withMessageContaining(steps + " sampling steps; expected 1 to 4");
  }

  @Test
  void rcmStartsBelowPureNoise() {
    FlowSchedule schedule = SamplingMethod.RCM.schedule(4, 5);
    assertThat(schedule.sigma(0)).isEqualTo(80f / 81f, within(1e-6f));
    assertThat(SamplingMethod.RCM.begin(new float[] {2, -1}, schedule))
        .containsExactly(2 * schedule.sigma(0), -schedule.sigma(0));
    assertThat(SamplingMethod.LCM.begin(new float[] {2}, schedule)).containsExactly(2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FlowSchedule.rcm(2, 14))
        .withMessageContaining("first noise level 14");
  }
}
