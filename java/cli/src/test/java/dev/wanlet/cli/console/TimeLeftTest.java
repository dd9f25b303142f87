// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.wan.memory.DeviceBytes;
import dev.wanlet.wan.memory.HostBytes;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.memory.StagePlan;
import dev.wanlet.wan.memory.StepPasses;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class TimeLeftTest {
  private static TimeLeft planned(double sample, OptionalDouble decode) {
    TimeLeft left = new TimeLeft();
    left.planned(
        new RunPlan(
            0,
            0,
            List.of(
                stage(Stage.TEXT, OptionalDouble.of(5)),
                stage(Stage.SAMPLE, OptionalDouble.of(sample)),
                stage(Stage.DECODE, decode)),
            20,
            StepPasses.plain(20, 2),
            0,
            0));
    return left;
  }

  @Test
  void thePlanCountsFirstAndTheStagesOwnPaceLater() {
    TimeLeft left = planned(100, OptionalDouble.of(30));
    left.started(Stage.SAMPLE, 20, 7);
    assertThat(left.ofStage(0, 7)).hasValue(100);
    assertThat(left.ofClip(0, 7)).hasValue(130);
    // Half a tenth in 10 s: by the plan 100 s in all, by its pace 200 s.
    assertThat(left.ofStage(1, 17).orElseThrow()).isCloseTo(140, within(1e-9));
    assertThat(left.ofStage(4, 47).orElseThrow()).isCloseTo(160, within(1e-9));
    assertThat(left.ofClip(20, 207)).hasValue(30);
  }

  @Test
  void aStageThatIsLaterThanPredictedHasNoNegativeTimeLeft() {
    TimeLeft left = planned(100, OptionalDouble.of(30));
    left.started(Stage.SAMPLE, 20, 0);
    assertThat(left.ofStage(0, 150)).hasValue(0);
  }

  @Test
  void stepsOfAnEarlierRunTakeNoTime() {
    TimeLeft left = planned(100, OptionalDouble.of(30));
    left.resumed(10);
    left.started(Stage.TEXT, 2, 0);
    assertThat(left.before()).isZero();
    assertThat(left.ofStage(0, 0)).hasValue(5);
    left.started(Stage.SAMPLE, 20, 0);
    assertThat(left.before()).isEqualTo(10);
    assertThat(left.ofStage(10, 0)).hasValue(50);
    assertThat(left.ofStage(15, 40).orElseThrow()).isCloseTo(40, within(1e-9));
  }

  @Test
  void withoutAPredictionThePaceTells() {
    TimeLeft left = new TimeLeft();
    left.started(Stage.DECODE, 10, 0);
    assertThat(left.ofStage(0, 3)).isEmpty();
    assertThat(left.ofStage(5, 10)).hasValue(10);
    assertThat(left.ofClip(5, 10)).isEmpty();
    TimeLeft half = planned(100, OptionalDouble.empty());
    half.started(Stage.SAMPLE, 20, 0);
    assertThat(half.ofClip(1, 5)).isEmpty();
  }

  private static StagePlan stage(Stage stage, OptionalDouble seconds) {
    return StagePlan.of(stage, DeviceBytes.NONE, new HostBytes(0, 0, 0, 0), seconds, stage.id());
  }
}
