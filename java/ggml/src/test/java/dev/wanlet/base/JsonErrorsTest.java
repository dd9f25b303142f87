// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonErrorsTest {
  private static String problem(byte[] json) {
    return JsonErrors.describe(
        catchThrowableOfType(IOException.class, () -> new ObjectMapper().readTree(json)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'a': 1,}|not valid JSON at line 1, column 2",
        "{\"a\":|not valid JSON: it ends in the middle, at line 1, column 6",
        "nonsense|not valid JSON at line 1, column 1",
      })
  void thePlaceIsNamed(String json, String expected) {
    assertThat(problem(json.getBytes(StandardCharsets.UTF_8))).isEqualTo(expected);
  }

  @Test
  void theParserStaysUnnamed() {
    String deep = "[".repeat(5000) + "]".repeat(5000);
    assertThat(problem(deep.getBytes(StandardCharsets.UTF_8)))
        .startsWith("JSON that nests deeper")
        .doesNotContain("StreamRead", "REDACTED", "Constraints");
    assertThat(problem(new byte[] {'"', (byte) 0xff, '"'})).startsWith("not valid JSON");
  }
}
