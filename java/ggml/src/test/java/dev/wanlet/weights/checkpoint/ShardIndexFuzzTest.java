// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.wanlet.weights.FuzzBounds;

/** Arbitrary bytes as the index of a checkpoint; see SafetensorsFuzzTest. */
class ShardIndexFuzzTest {
  @FuzzTest(maxDuration = "2m")
  void parse(byte[] input) {
    if (input.length > 0) { // an empty file cannot be mapped
      FuzzBounds.check(input, ShardIndex::parse);
    }
  }
}
