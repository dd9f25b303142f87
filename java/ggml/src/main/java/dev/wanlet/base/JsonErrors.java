// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.base;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.IOException;

/** Says what is wrong with JSON from a file, in words that need no knowledge of a parser. */
public final class JsonErrors {
  private JsonErrors() {}

  /** Such as {@code not valid JSON at line 3, column 14}, to stand behind a file's name. */
  public static String describe(IOException failure) {
    String what = "not valid JSON";
    if (failure instanceof JsonEOFException) {
      what = "not valid JSON: it ends in the middle,";
    } else if (failure instanceof StreamConstraintsException) {
      what = "JSON that nests deeper, or has longer names or numbers, than is sound,";
    } else if (!(failure instanceof JsonProcessingException)) {
      what = "not valid JSON in UTF-8";
    }
    JsonLocation at =
        failure instanceof JsonProcessingException json ? json.getLocation() : JsonLocation.NA;
    return at == null || at.getLineNr() < 1
        ? what.replaceFirst(",$", "")
        : String.format("%s at line %d, column %d", what, at.getLineNr(), at.getColumnNr());
  }
}
