// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.wanlet.wan.catalog.RequestException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads one profile, of YAML or of JSON, which is YAML too; its form is that of {@code
 * profile.schema.json}. What is not understood is an error that names file, line and key. Confined
 * to one thread.
 */
final class ProfileReader {
  private static final YAMLFactory YAML = new YAMLFactory();
  private static final List<String> KEYS =
      List.of(
          "name",
          "title",
          "largestPixels",
          "stepsShare",
          "seconds",
          "patienceMinutes",
          "memoryGib");

  /** A value as it was written, and where. */
  private record Entry(String text, JsonToken kind, int line) {}

  private final String file;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private ProfileReader(String file) {
    this.file = file;
  }

  /**
   * Reads a file's text.
   *
   * @param file for messages
   * @throws RequestException if it is not a profile
   */
  static Profile read(String file, String text) {
    ProfileReader reader = new ProfileReader(file);
    try (JsonParser parser = YAML.createParser(text)) {
      reader.readEntries(parser);
    } catch (JacksonException e) {
      int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
      throw reader.problem("it is not whole and correct YAML", line, e);
    } catch (IOException e) {
      throw new IllegalStateException("a text cannot fail to be read", e);
    }
    return reader.profile();
  }

  private void readEntries(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw problem("it has no entries such as 'name: mine'", 1, null);
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      int line = parser.currentTokenLocation().getLineNr();
      if (!KEYS.contains(key)) {
        throw problem(
            "'" + key + "' is not part of one; expected " + String.join(", ", KEYS), line, null);
      }
      JsonToken kind = parser.nextToken();
      if (kind.isStructStart()) {
        throw problem("'" + key + "' holds a list; expected one value", line, null);
      }
      if (entries.put(key, new Entry(parser.getText(), kind, line)) != null) {
        throw problem("'" + key + "' is there twice", line, null);
      }
    }
    if (parser.nextToken() != null) {
      throw problem(
          "there is more after the profile", parser.currentTokenLocation().getLineNr(), null);
    }
  }

  private Profile profile() {
    try {
      return new Profile(
          text("name"),
          text("title"),
          (long) number("largestPixels", true),
          number("stepsShare", false),
          number("seconds", false),
          optional("patienceMinutes"),
          optional("memoryGib"));
    } catch (Profile.WrongValue e) {
      Entry entry = entries.get(e.key());
      throw problem(e.getMessage(), entry == null ? 0 : entry.line(), e);
    }
  }

  private Entry require(String key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      throw problem("'" + key + "' is missing", 0, null);
    }
    return entry;
  }

  private String text(String key) {
    Entry entry = require(key);
    if (entry.kind() != JsonToken.VALUE_STRING) {
      throw problem("'" + key + "' is " + entry.text() + "; expected a text", entry.line(), null);
    }
    return entry.text();
  }

  private double number(String key, boolean whole) {
    Entry entry = require(key);
    boolean number =
        entry.kind() == JsonToken.VALUE_NUMBER_INT || entry.kind() == JsonToken.VALUE_NUMBER_FLOAT;
    double value = number ? Double.parseDouble(entry.text().replace("_", "")) : Double.NaN;
    if (!number || (whole && value != Math.rint(value))) {
      throw problem(
          "'" + key + "' is " + entry.text() + "; expected a " + (whole ? "whole " : "") + "number",
          entry.line(),
          null);
    }
    return value;
  }

  private Double optional(String key) {
    return entries.containsKey(key) ? (Double) number(key, false) : null;
  }

  private RequestException problem(String what, int line, Exception cause) {
    String place = line > 0 ? " (line " + line + ")" : "";
    return new RequestException(file + " is not a profile: " + what + place, cause);
  }
}
