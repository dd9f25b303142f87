// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** Runs Jazzer's seeds in the normal build, and fuzzes with JAZZER_FUZZ=1. */
class PthFileFuzzTest {
  @FuzzTest(maxDuration = "60s")
  void anyBytesGiveAFileOrOneError(byte[] bytes) {
    PthFileTest.fuzzOpen(bytes);
  }

  @FuzzTest(maxDuration = "60s")
  void anyPickleGivesAFileOrOneError(byte[] pickle) {
    PthBytes pth = PthBytes.empty();
    for (byte b : pickle) {
      pth.u8(b);
    }
    PthFileTest.fuzzOpen(pth.entry("archive/data/0", new byte[24], 0).bytes());
  }

  @FuzzTest(maxDuration = "60s")
  void anyBytesGiveALegacyFileOrOneError(byte[] bytes) {
    if (bytes.length > 0) { // an empty file cannot be mapped
      PthFileTest.fuzzOpen(bytes, PthFile::openLegacy);
    }
  }
}
