// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.ggml.TensorType;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeviceRatesTest {
  private static final DeviceRates RATES =
      new DeviceRates(
          100,
          10,
          Map.of(TensorType.Q4_K, new DeviceRates.Product(50, 20)),
          80,
          20,
          30,
          1000,
          500,
          "a test");

  @Test
  void eachTypeCountsAtItsOwnRateAndOthersAsEightBits() {
    assertThat(RATES.productSeconds(90, Map.of(TensorType.Q8_0, 3.0))).isEqualTo(3);
    assertThat(RATES.productSeconds(90, Map.of(TensorType.Q5_K, 3.0))).isEqualTo(3);
    assertThat(RATES.productSeconds(80, Map.of(TensorType.Q4_K, 3.0))).isEqualTo(6);
    assertThat(RATES.productSeconds(90, Map.of(TensorType.Q4_K, 1.0, TensorType.Q8_0, 1.0)))
        .isCloseTo(1 + 110.0 / 50, within(1e-12));
  }

  @Test
  void attentionLiesBetweenItsTwoMeasurementsAndNotBeyond() {
    assertThat(RATES.attentionFlops(100)).isEqualTo(80);
    assertThat(RATES.attentionFlops(DeviceRates.FEW_KEYS)).isEqualTo(80);
    assertThat(RATES.attentionFlops(DeviceRates.MANY_KEYS)).isEqualTo(20);
    assertThat(RATES.attentionFlops(1e6)).isEqualTo(20);
    assertThat(RATES.attentionFlops(Math.sqrt(4096.0 * 32768))).isCloseTo(40, within(1e-9));
  }

  @Test
  void otherTypesAndAnotherDiskLeaveTheRestAsItIs() {
    DeviceRates other =
        RATES
            .withTypes(Map.of(TensorType.Q6_K, new DeviceRates.Product(70, 5)))
            .withReadBytesPerSecond(9);
    assertThat(other.types()).containsOnlyKeys(TensorType.Q4_K, TensorType.Q6_K);
    assertThat(other.readBytesPerSecond()).isEqualTo(9);
    assertThat(other.withReadBytesPerSecond(500).withSource("a test").longAttentionFlops())
        .isEqualTo(20);
    assertThatThrownBy(() -> RATES.withReadBytesPerSecond(0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
