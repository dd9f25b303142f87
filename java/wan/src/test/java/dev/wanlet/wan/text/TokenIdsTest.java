// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TokenIdsTest {
  @Test
  void padsOnTheRightAndMasksThePadding() {
    TokenIds ids = TokenIds.padded(new int[] {260, 322, 1}, TokenIds.WAN_TEXT_LENGTH, 0);
    assertThat(ids.ids()).hasSize(512).startsWith(260, 322, 1, 0);
    assertThat(Arrays.stream(ids.mask()).sum()).isEqualTo(3);
    assertThat(ids.mask()).hasSize(512).startsWith(1, 1, 1, 0);
    assertThat(ids.real()).containsExactly(260, 322, 1);
    assertThat(ids.realCount()).isEqualTo(3);
  }

  @Test
  void aFullPromptHasNoPadding() {
    TokenIds ids = TokenIds.padded(new int[] {5, 1}, 2, 0);
    assertThat(ids.mask()).containsExactly(1, 1);
    assertThat(ids.real()).containsExactly(ids.ids());
  }

  @Test
  void tokensThatDoNotFitOrAreNotRealAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TokenIds.padded(new int[] {5, 6, 1}, 2, 0))
        .withMessageContaining("3 tokens do not fit in 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TokenIds.padded(new int[] {5, 0, 1}, 8, 0))
        .withMessageContaining("token 1 is 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TokenIds.padded(new int[] {-2, 1}, 8, 0))
        .withMessageContaining("token 0 is -2");
  }
}
