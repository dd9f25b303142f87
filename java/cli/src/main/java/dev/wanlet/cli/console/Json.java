// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.wanlet.base.Printable;
import java.util.Map;

/**
 * Prints what scripts read. Beyond what JSON demands, characters that a terminal obeys or that turn
 * text around are escaped too: the text stays the same to who parses it. Stateless, thread-safe.
 */
public final class Json {
  private static final ObjectMapper MAPPER =
      new ObjectMapper(new JsonFactoryBuilder().characterEscapes(new UnseenEscapes()).build());

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

  private static final class UnseenEscapes extends CharacterEscapes {
    private static final long serialVersionUID = 1L;

    private final int[] ascii = CharacterEscapes.standardAsciiEscapesForJSON();

    UnseenEscapes() {
      ascii[0x7f] = CharacterEscapes.ESCAPE_STANDARD;
    }

    @Override
    public int[] getEscapeCodesForAscii() {
      return ascii.clone();
    }

    @Override
    public SerializableString getEscapeSequence(int c) {
      // Halves of pairs come one by one, and pairs are letters or emoji.
      String shown = Printable.text(Character.toString(c));
      boolean escape = !Character.isSurrogate((char) c) && shown.length() > 1;
      return escape ? new SerializedString(shown) : null;
    }
  }
}
