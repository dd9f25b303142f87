// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.Map;

/** Prints what scripts read. Stateless, thread-safe. */
public final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  /** One object, indented. Values are strings, numbers, booleans, null, lists and maps of these. */
  public static String text(Map<String, ?> object) {
    return write(MAPPER.writer(SerializationFeature.INDENT_OUTPUT), object);
  }

  /** The same on one line. */
  public static String line(Map<String, ?> object) {
    return write(MAPPER.writer(), object);
  }

  private static String write(ObjectWriter writer, Map<String, ?> object) {
    try {
      return writer.writeValueAsString(object);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a value that is not JSON: " + e.getMessage(), e);
    }
  }
}
