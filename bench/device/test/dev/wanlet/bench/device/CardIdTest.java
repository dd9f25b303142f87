// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CardIdTest {
  @Test
  void aDeviceOfCudaIsTheCardInItsPlaceOfTheList() {
    assertThat(CardId.ofCuda("CUDA0", "3 1")).contains("3");
    assertThat(CardId.ofCuda("CUDA1", "3 1")).contains("1");
    assertThat(CardId.ofCuda("CUDA2", "3 1")).isEmpty();
    assertThat(CardId.ofCuda("CUDA0", "-")).as("a part of a card").isEmpty();
    assertThat(CardId.ofCuda("CUDA0", "")).as("no card is listed").isEmpty();
  }

  @Test
  void withoutAListNumbersAreTheToolsOwn() {
    assertThat(CardId.ofCuda("CUDA1", null)).contains("1");
    assertThat(CardId.ofCuda("Vulkan0", null)).isEmpty();
  }

  @Test
  void anotherInterfacesDeviceIsTheOneCardOfItsName() {
    String listed = "0, A Card\n1, Another Card\n2, A Card\n";
    assertThat(CardId.named(listed, "Another Card")).contains("1");
    assertThat(CardId.named(listed, "A Card")).as("two of them").isEmpty();
    assertThat(CardId.named(listed, "llvmpipe")).isEmpty();
  }
}
