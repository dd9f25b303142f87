// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How the numbers of step caches are written, and those that come along. */
class CacheNumbersTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "mag;threshold=0.12;keep=0.2;most=4;prompt=1,1.0124;without=1,1.02213",
        "mag;threshold=0.06;keep=0.1;most=2;experts=low;prompt=1;without=1",
        "tea;threshold=0.1;first=5;coefficients=-52186.2437,9230.41404,1.0E-12",
        "easy;threshold=0.05;keep=0.15;last=1"
      })
  void whatIsWrittenIsReadBack(String text) {
    assertThat(CacheNumbers.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "none|'none' has no numbers",
        "fast|unknown step cache 'fast'; expected one of none, mag, tea, easy",
        "mag|threshold is 0.0; expected more than 0",
        "mag;threshold=0.1|as many ratios of 'prompt' as of 'without'",
        "mag;threshold=0.1;prompt=1,2;without=1|as many ratios of 'prompt' as of 'without'",
        "mag;threshold=0.1;prompt=1,0;without=1,1|ratios are above 0",
        "mag;threshold=0.1;prompt=1,x;without=1,1|prompt holds 'x', which is no number",
        "mag;threshold=0.1;prompt=1,NaN;without=1,1|finite numbers",
        "tea;threshold=0.1|a table of tea has coefficients",
        "easy;threshold=0.1;coefficients=1|others have none",
        "easy;threshold=-1|threshold is -1.0; expected more than 0",
        "easy;threshold=1;keep=2|keep is a share from 0 to 1",
        "easy;threshold=1;last=0.5|last is 0.5; expected a whole number",
        "easy;threshold=1;experts=high|experts is 'high'; expected both or low",
        "easy;threshold=1;speed=2|unknown entry 'speed'",
        "easy;threshold=1;threshold=2|comes twice",
        "easy;threshold|is no NAME=VALUE"
      })
  void whatCannotBeIsRefused(String text, String reason) {
    assertThatThrownBy(() -> CacheNumbers.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void everyPublishedEntryCanBeRead() {
    assertThat(PublishedCaches.entries()).hasSizeGreaterThan(10);
    for (PublishedCaches.Entry entry : PublishedCaches.entries()) {
      CacheNumbers numbers = CacheNumbers.parse(entry.numbers());
      assertThat(PublishedCaches.find(numbers.kind(), entry.model())).contains(numbers);
    }
    assertThat(PublishedCaches.find(CacheKind.MAG, "wan2.1-t2v-1.3b").orElseThrow().prompt())
        .hasSize(50)
        .startsWith(1.0, 1.0124);
    assertThat(PublishedCaches.find(CacheKind.TEA, "wan2.2-t2v-a14b")).isEmpty();
    assertThat(PublishedCaches.find(CacheKind.EASY, "any")).contains(CacheNumbers.EASY);
  }
}
