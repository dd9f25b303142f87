// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
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
    "0B, 0",
    "1024, 1024",
    "6G, 6442450944",
    "1.5 g, 1610612736",
    "512M, 536870912",
    "64k, 65536"
  })
  void readsWhatPeopleWrite(String text, long bytes) {
    assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GiB", "-1GiB", "6Gi", "6 apples", "1e9", "1,5GiB", "0x10"})
  void refusesTheRestAndQuotesIt(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'")
        .hasMessageContaining("6GiB");
  }

  /** Six bytes are no budget: who writes 6 means GiB. */
  @ParameterizedTest
  @ValueSource(strings = {"6", "0", "7.5", "1023"})
  void smallBareNumbersAreRefusedWithTheFormToWrite(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'")
        .hasMessageContaining(text + "GiB");
  }

  /** What a message says is needed must be enough when it is typed. */
  @Test
  void whatIsNeededIsRoundedUp() {
    for (long bytes : List.of(1024L, 1025L, (3L << 30) + 1, (1L << 30) - 1, 3_270_000_000L)) {
      assertThat(ByteSize.parse(Bytes.needed(bytes)).bytes()).isGreaterThanOrEqualTo(bytes);
    }
    assertThat(Bytes.needed((3L << 30) + 1)).isEqualTo("3.1 GiB");
    assertThat(Bytes.needed(3L << 30)).isEqualTo("3.0 GiB");
    assertThat(Bytes.needed((1L << 30) - 1)).isEqualTo("1.0 GiB");
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
