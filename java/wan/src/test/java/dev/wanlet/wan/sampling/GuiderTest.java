// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.wan.sampling.GuidanceRule.Apg;
import dev.wanlet.wan.sampling.GuidanceRule.Kind;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Formulas of guidance against values worked out by hand. */
class GuiderTest {
  private static final FlowSchedule TEN = FlowSchedule.plain(10, 1);

  private static Guider guider(float scale, GuidanceRule rule) {
    return new Guider(ExpertSchedule.atBoundary(TEN, 0, scale, scale), rule);
  }

  private static GuidanceRule apg(double momentum, double norm, double eta) {
    return new GuidanceRule(Kind.APG, 0, new Apg(momentum, norm, eta));
  }

  private static float[] v(double... values) {
    float[] floats = new float[values.length];
    IntStream.range(0, values.length).forEach(i -> floats[i] = (float) values[i]);
    return floats;
  }

  private static Offset<Float> eps() {
    return within(1e-4f);
  }

  @Test
  void plainGuidanceGoesFurtherInTheDirectionOfThePrompt() {
    assertThat(guider(5, GuidanceRule.CFG).combine(0, v(2, 3), v(1, 5))).containsExactly(6, -5);
  }

  @Test
  void zeroStarFirstBringsTheUnconditionalToItsBestLength() {
    // a = c.u / u.u = 2 / 4; a u = (1, 0); (1, 0) + 3 ((1, 4) - (1, 0))
    Guider guider = guider(3, new GuidanceRule(Kind.CFG_ZERO_STAR, 0, Apg.USUAL));
    assertThat(guider.combine(0, v(1, 4), v(2, 0))).containsExactly(v(1, 12), eps());
    // nothing to rescale: 3 c
    assertThat(guider.combine(1, v(1, 4), v(0, 0))).containsExactly(v(3, 12), eps());
  }

  @Test
  void projectedGuidanceKeepsWhatLeadsAcross() {
    // c - u = (2, 4), along c: 22/25 c = (2.64, 3.52), across: (-0.64, 0.48)
    assertThat(guider(2, apg(0, 0, 0)).combine(0, v(3, 4), v(1, 0)))
        .containsExactly(v(2.36, 4.48), eps());
    assertThat(guider(3, apg(0, 0, 0)).combine(0, v(3, 4), v(1, 0)))
        .containsExactly(v(1.72, 4.96), eps());
    // half of what leads along
    assertThat(guider(2, apg(0, 0, 0.5)).combine(0, v(3, 4), v(1, 0)))
        .containsExactly(v(3.68, 6.24), eps());
    // all of it: plain guidance
    assertThat(guider(5, apg(0, 0, 1)).combine(0, v(2, 3), v(1, 5)))
        .containsExactly(v(6, -5), eps());
    // |c - u| = sqrt(20), cut to 1
    double cut = 1 / Math.sqrt(20);
    assertThat(guider(2, apg(0, 1, 0)).combine(0, v(3, 4), v(1, 0)))
        .containsExactly(v(3 - 0.64 * cut, 4 + 0.48 * cut), eps());
  }

  @Test
  void momentumAddsEarlierDifferences() {
    Guider guider = guider(2, apg(-0.75, 0, 0));
    guider.combine(0, v(3, 4), v(1, 0));
    // (0, 1) - 0.75 (2, 4) = (-1.5, -2) leads along c only
    assertThat(guider.combine(1, v(3, 4), v(3, 3))).containsExactly(v(3, 4), eps());
    // (1, 0) - 0.75 (-1.5, -2) = (2.125, 1.5), along c: 12.375/25 c, across: (0.64, -0.48)
    assertThat(guider.combine(2, v(3, 4), v(2, 4))).containsExactly(v(3.64, 3.52), eps());
  }

  @Test
  void momentumIsSavedAndRestored() {
    Guider whole = guider(2, apg(0.5, 55, 0));
    whole.combine(0, v(3, 4), v(1, 0));
    List<float[]> saved = whole.state().stream().map(float[]::clone).toList();
    float[] expected = whole.combine(1, v(1, 4), v(0, 1));
    Guider resumed = guider(2, apg(0.5, 55, 0));
    resumed.restore(saved, 1, 2);
    assertThat(resumed.combine(1, v(1, 4), v(0, 1))).isEqualTo(expected);
    assertThat(saved.get(0)).containsExactly(2, 4);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> guider(2, apg(0, 0, 0)).restore(List.of(), 1, 2))
        .withMessageContaining("holds 0 arrays of guidance, expected 1 before step 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> guider(2, GuidanceRule.CFG).restore(saved, 1, 2))
        .withMessageContaining("holds 1 arrays of guidance, expected 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> guider(2, apg(0, 0, 0)).restore(saved, 1, 3))
        .withMessageContaining("has 2 values, expected 3");
    guider(2, apg(0, 0, 0)).restore(List.of(), 0, 2);
  }

  @Test
  void stepsWithoutPredictionNeedNoPass() {
    Guider guider = guider(3, new GuidanceRule(Kind.CFG_ZERO_STAR, 2, Apg.USUAL));
    assertThat(IntStream.range(0, 10).filter(guider::isZero)).containsExactly(0, 1);
    assertThat(IntStream.range(0, 10).filter(guider::needsUnconditional))
        .containsExactly(2, 3, 4, 5, 6, 7, 8, 9);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0.2,0.5|2 3 4",
        "0,1|0 1 2 3 4 5 6 7 8 9",
        "0.95,1|",
        "sigma:0.35,0.8|2 3 4 5 6",
        "SIGMA: 0.8, 0.9|1 2"
      })
  void anIntervalSwitchesGuidanceOffOutside(String text, String steps) {
    GuidanceInterval interval = GuidanceInterval.parse(text);
    assertThat(GuidanceInterval.parse(interval.toString())).isEqualTo(interval);
    ExpertSchedule experts = ExpertSchedule.atBoundary(TEN, 0, 4, 4).guidedWithin(interval, TEN);
    int[] expected =
        steps == null
            ? new int[0]
            : List.of(steps.split(" ")).stream().mapToInt(Integer::parseInt).toArray();
    assertThat(IntStream.range(0, 10).filter(i -> experts.guideScale(i) == 4))
        .containsExactly(IntStream.of(expected).boxed().toArray(Integer[]::new));
    assertThat(experts.guidedSteps()).isEqualTo(expected.length);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0.5", "0.1,0.2,0.3", "a,b", "0.5,0.5", "-0.1,1", "0,1.1", "NaN,1"})
  void otherIntervalsAreRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> GuidanceInterval.parse(text));
  }

  @Test
  void blocksAreReadAndWritten() {
    assertThat(SkippedBlocks.parse(" 10, 9").blocks()).isEqualTo(Set.of(9, 10));
    assertThat(SkippedBlocks.parse("10,9")).hasToString("9,10");
    for (String text : List.of("", "9,", "-1", "nine", "5000")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> SkippedBlocks.parse(text))
          .withMessageContaining("'" + text + "' is not a list of blocks");
    }
  }

  @Test
  void rulesAreFoundByNameAndChecked() {
    for (Kind kind : Kind.values()) {
      assertThat(Kind.parse(kind.id().toUpperCase())).isEqualTo(kind);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Kind.parse("pag"))
        .withMessage("unknown guidance rule 'pag'; expected one of cfg, cfg-zero-star, apg");
    assertThatIllegalArgumentException().isThrownBy(() -> new GuidanceRule(Kind.CFG, 1, Apg.USUAL));
    assertThatIllegalArgumentException().isThrownBy(() -> new Apg(1, 0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new Apg(0, -1, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new Apg(0, 0, Double.NaN));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> guider(2, apg(0, 0, 0)).combine(0, v(1, 2), v(1)))
        .withMessageContaining("has 1 values, expected 2");
  }
}
