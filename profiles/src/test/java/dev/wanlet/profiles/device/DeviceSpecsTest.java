// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.catalog.RequestException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceSpecsTest {
  private static final long GIB = 1L << 30;

  private final DeviceSpecs specs = DeviceSpecs.standard();

  @ParameterizedTest
  @CsvSource({
    "rtx-4060, rtx-4060",
    "RTX 4060, rtx-4060",
    "NVIDIA GeForce RTX 4060 Laptop GPU, rtx-4060-laptop",
    "rtx3060 12GB, rtx-3060-12gb",
    "Radeon RX 7600, rx-7600",
    "Intel Arc B580, arc-b580",
    "8gb, 8gb"
  })
  void namesAreWrittenAsPeopleDo(String written, String id) {
    assertThat(specs.require(written).id()).isEqualTo(id);
  }

  @Test
  void aNameThatLeavesTheMemoryOpenListsWhatThereIs() {
    assertThatThrownBy(() -> specs.require("RTX 3060"))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("rtx-3060-8gb, rtx-3060-12gb");
  }

  @Test
  void anUnknownNameListsAll() {
    assertThatThrownBy(() -> specs.require("voodoo 2"))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("'voodoo 2'")
        .hasMessageContaining("rtx-4060");
  }

  @Test
  void everyCardLeavesMemoryForARunAndHasRatesOfItsOrder() {
    assertThat(specs.all()).extracting(DeviceSpec::id).doesNotHaveDuplicates();
    for (DeviceSpec spec : specs.all()) {
      assertThat(spec.usableBytes()).as(spec.id()).isBetween(2 * GIB, spec.memoryBytes());
      assertThat(spec.rates().flops()).as(spec.id()).isBetween(1e12, 1e15);
      assertThat(spec.rates().source()).contains("data sheet");
    }
    assertThat(specs.require("rtx-4090").rates().flops())
        .isGreaterThan(specs.require("rtx-4060").rates().flops());
  }

  @Test
  void everyMemoryClassIsThere() {
    for (String id : List.of("4gb", "6gb", "8gb", "10gb", "12gb", "16gb", "24gb")) {
      assertThat(specs.require(id).memoryBytes())
          .isEqualTo(Long.parseLong(id.replace("gb", "")) * GIB);
    }
  }
}
