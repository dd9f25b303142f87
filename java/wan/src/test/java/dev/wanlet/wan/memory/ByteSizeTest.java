// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({
    "6GiB, 6442450944",
    "512MiB, 536870912",
    "8GB, 8000000000",
    "1.5 gib, 1610612736",
    "64kib, 65536",
    "3kb, 3000",
    "7mb, 7000000",
    "12345, 12345",
    "12345B, 12345",
    "0, 0"
  })
  void readsWhatPeopleWrite(String text, long bytes) {
    assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GiB", "-1GiB", "6G", "6 apples", "1e9", "1,5GiB", "0x10"})
  void refusesTheRestAndQuotesIt(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'")
        .hasMessageContaining("6GiB");
  }

  @Test
  void refusesWhatDoesNotFitALong() {
    assertThatThrownBy(() -> ByteSize.parse("99999999999TiB")).hasMessageContaining("8 EiB");
  }

  @ParameterizedTest
  @CsvSource({
    "12, 12 bytes",
    "2048, 2.0 KiB",
    "536870912, 512.0 MiB",
    "6442450944, 6.0 GiB",
    "-1, -1 bytes"
  })
  void printsWithOneDecimal(long bytes, String text) {
    assertThat(ByteSize.format(bytes)).isEqualTo(text);
  }
}
