// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.util.ByteBufferBackedInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A JSON parser for headers that may be hostile. Stateless, thread-safe. */
public final class JsonLimits {
  /** Length of a tensor name; real ones have about 60 characters. */
  static final int MAX_NAME = 0xffff;

  private static final int MAX_NESTING = 8;
  private static final int MAX_NUMBER = 32;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_NESTING)
                  .maxNumberLength(MAX_NUMBER)
                  .maxNameLength(MAX_NAME)
                  .maxStringLength(Integer.MAX_VALUE) // bounded by the header
                  .build())
          // Names are used once, so a table of them costs memory and can be attacked.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  private JsonLimits() {}

  public static JsonParser parser(ByteBuffer utf8) throws IOException {
    return FACTORY.createParser(new ByteBufferBackedInputStream(utf8));
  }

  /** A non-negative integer of up to 63 bits, or -1 if the parser is at something else. */
  public static long naturalNumber(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
        || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      return -1;
    }
    return Math.max(-1, parser.getLongValue());
  }
}
