// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.bench.models.RandomWeights;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.parity.TapResult;
import org.junit.jupiter.api.Test;

class ParityBoundTest {
  private static final String WHY = "kernels that round";
  private static final float[] EXPECTED = RandomWeights.normal(4096, 1);

  /** Values that each differ by so much of themselves. */
  private static TapResult off(double relative) {
    float[] actual = EXPECTED.clone();
    for (int i = 0; i < actual.length; i++) {
      actual[i] += (float) ((i % 2 == 0 ? 1 : -1) * relative * actual[i]);
    }
    return TapResult.compare("t", actual, EXPECTED, 5e-5);
  }

  @Test
  void theCpuKeepsTheTolerance() {
    ParityBound bound = ParityBound.of(Device.cpu(), "dit");
    assertThat(bound.isKept(off(1e-5))).isTrue();
    assertThat(bound.isKept(off(1e-3))).isFalse();
  }

  @Test
  void roundingOfGraphicsCardsIsToldFromAWrongKernel() {
    ParityBound bound = ParityBound.of(WHY, "dit");
    assertThat(bound.isKept(off(1e-3))).isTrue();
    assertThat(bound.isKept(off(1e-2))).isFalse();

    float[] oneWrong = EXPECTED.clone();
    oneWrong[17] += 0.05f;
    assertThat(bound.isKept(TapResult.compare("t", oneWrong, EXPECTED, 5e-5))).isFalse();
    assertThat(bound.isKept(TapResult.compare("t", null, EXPECTED, 5e-5))).isFalse();
  }

  @Test
  void whatTheHostComputesKeepsItsToleranceEverywhere() {
    assertThat(ParityBound.of(WHY, "schedulers").isKept(off(1e-3))).isFalse();
  }
}
