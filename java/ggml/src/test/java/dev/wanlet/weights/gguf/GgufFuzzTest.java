// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.wanlet.weights.FuzzBounds;
import java.util.List;

/**
 * Arbitrary bytes as a GGUF file. Normal test runs try the inputs in the resources; with {@code
 * JAZZER_FUZZ=1} and this test alone, new ones are searched for.
 */
class GgufFuzzTest {
  @FuzzTest(maxDuration = "2m")
  void parse(byte[] input) {
    FuzzBounds.check(
        input,
        file -> {
          try (GgufFile gguf = GgufFile.open(file)) {
            assertThat(gguf.metadata()).hasSameSizeAs(gguf.values().keySet());
            for (GgufValue value : gguf.values().values()) {
              decode(value);
            }
            FuzzBounds.readTensors(gguf);
          }
        });
  }

  private static void decode(GgufValue value) {
    if (value.elementType().isEmpty()) {
      assertThat(value.toString()).isNotNull();
      return;
    }
    List<GgufValue> elements = value.asList();
    assertThat(elements).hasSize((int) value.count());
    switch (value.elementType().get()) {
      case STRING -> assertThat(value.asStrings()).hasSameSizeAs(elements);
      case ARRAY -> elements.forEach(GgufFuzzTest::decode);
      case BOOL, U64 -> {}
      default -> assertThat(value.asFloats()).hasSameSizeAs(elements);
    }
  }
}
