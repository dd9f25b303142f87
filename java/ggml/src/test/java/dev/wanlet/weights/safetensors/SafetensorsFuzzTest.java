// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.safetensors;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.wanlet.weights.FuzzBounds;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Arbitrary bytes as a safetensors file. Normal test runs try the inputs in the resources; with
 * {@code JAZZER_FUZZ=1} and one of these tests alone, new ones are searched for.
 */
class SafetensorsFuzzTest {
  @FuzzTest(maxDuration = "2m")
  void parse(byte[] input) {
    FuzzBounds.check(input, SafetensorsFuzzTest::open);
  }

  /** The same with a header length that fits, so that mutations reach the JSON more often. */
  @FuzzTest(maxDuration = "2m")
  void parseHeader(byte[] header) {
    ByteBuffer file = ByteBuffer.allocate(8 + header.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(header.length).put(header);
    FuzzBounds.check(file.array(), SafetensorsFuzzTest::open);
  }

  private static void open(MappedFile file) throws WeightFormatException {
    try (SafetensorsFile safetensors = SafetensorsFile.open(file)) {
      FuzzBounds.readTensors(safetensors);
    }
  }
}
