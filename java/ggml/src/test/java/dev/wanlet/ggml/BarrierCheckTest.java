// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.internal.NativeLibrary;
import org.junit.jupiter.api.Test;

class BarrierCheckTest {
  @Test
  void theBackendOfThisBuildSleeps() {
    assertThat(NativeLibrary.isOwnBuild()).isTrue();
    assertThat(Device.cpu().hasSleepingBarrier()).isTrue();
    assertThatCode(() -> Backend.open(Device.cpu()).close()).doesNotThrowAnyException();
  }

  @Test
  void aBackendOfOthersThatSpinsIsNotUsed() {
    assertThatThrownBy(() -> BarrierCheck.check(false, false, false))
        .isInstanceOfSatisfying(
            GgmlException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DEVICE_FAILED))
        .hasMessageContaining("spins")
        .hasMessageContaining("Wanlet's own build");
    // One that claims to sleep is believed only when it was seen to.
    assertThatThrownBy(() -> BarrierCheck.check(true, false, false))
        .isInstanceOf(GgmlException.class);
    assertThatThrownBy(() -> BarrierCheck.check(false, true, false))
        .isInstanceOf(GgmlException.class);
  }

  @Test
  void anOpenMpThatCameBeforeOursIsAWarning() {
    assertThatCode(() -> BarrierCheck.check(true, false, true)).doesNotThrowAnyException();
  }
}
