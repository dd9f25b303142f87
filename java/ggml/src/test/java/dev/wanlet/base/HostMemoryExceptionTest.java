// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostMemoryExceptionTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/c/libavcodec.so.62: failed to map segment from shared object|true",
        "/c/libavcodec.so.62: cannot allocate memory in static TLS block|false",
        "libx.so: error while loading: Cannot allocate memory|true",
        "/c/libavcodec.so.62: invalid ELF header|false"
      })
  void theLoadersWordsTellMemoryFromDamage(String words, boolean memory) {
    UnsatisfiedLinkError failure = new UnsatisfiedLinkError("no jniavcodec in java.library.path");
    failure.initCause(new UnsatisfiedLinkError(words));
    assertThat(HostMemoryException.isBehind(failure)).isEqualTo(memory);
  }

  @Test
  void theMessageSaysWhatToRaise() {
    assertThat(new HostMemoryException("FFmpeg cannot be loaded", null))
        .hasMessageStartingWith("FFmpeg cannot be loaded: ")
        .hasMessageContaining("memory")
        .hasMessageContaining("ulimit -v");
  }
}
