// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class CardUseTest {
  private static OptionalLong mib(long mib) {
    return OptionalLong.of(mib << 20);
  }

  /** A plan of 4,000 MiB holds 500 for the context: 100 more than the plan must show. */
  @Test
  void whatIsTakenHoldsTheContextAsThePlanDoes() {
    CardUse use = new CardUse(mib(300), mib(300 + 450), mib(300 + 4100));
    assertThat(use.taken()).hasValue(4100L << 20);
    assertThat(use.context()).hasValue(450L << 20);
    assertThat(use.within(4000L << 20)).isFalse();
    assertThat(use.within(4100L << 20)).isTrue();
  }

  @Test
  void whatIsNotKnownIsNullAndBreaksNoBound() {
    CardUse use = new CardUse(OptionalLong.empty(), mib(1), mib(2));
    assertThat(use.within(1)).isTrue();
    assertThat(use.addTo(new Facts()).values())
        .containsEntry("card_peak_bytes", null)
        .containsEntry("card_context_bytes", null);
  }
}
