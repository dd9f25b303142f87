// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * An adapter that is asked for. Immutable.
 *
 * @param file a weight file, or a folder with one
 * @param strength what its changes are multiplied by: any finite number, 1 for as trained
 */
public record AdapterFile(Path file, double strength) {
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
  private static final Pattern NOT_FINITE = Pattern.compile("(?i)[+-]?(nan|inf|infinity)");

  public AdapterFile {
    if (!Double.isFinite(strength)) {
      throw new IllegalArgumentException(
          "the strength of the adapter " + file + " is " + strength + ", expected a finite number");
    }
  }

  /**
   * Reads {@code FILE} or {@code FILE:STRENGTH}. A colon may be part of a path, so only a number
   * behind the last one is a strength, and what exists as it stands is a path.
   *
   * @throws IllegalArgumentException if the file's name is none, or the strength not finite
   */
  public static AdapterFile parse(String text) {
    int colon = text.lastIndexOf(':');
    String end = text.substring(colon + 1);
    if (colon > 0 && !exists(text)) {
      if (NUMBER.matcher(end).matches() || NOT_FINITE.matcher(end).matches()) {
        double strength = NUMBER.matcher(end).matches() ? Double.parseDouble(end) : Double.NaN;
        if (!Double.isFinite(strength)) {
          throw new IllegalArgumentException(
              "'" + text + "': the strength '" + end + "' is no finite number, such as 0.8");
        }
        return new AdapterFile(path(text.substring(0, colon)), strength);
      }
    }
    return new AdapterFile(path(text), 1);
  }

  private static boolean exists(String text) {
    try {
      return Files.exists(Path.of(text));
    } catch (InvalidPathException e) {
      return false; // a colon may be no part of a name here
    }
  }

  private static Path path(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException(
          "an adapter without a file; expected FILE or FILE:STRENGTH");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("'" + text + "' is no file name: " + e.getReason(), e);
    }
  }

  /** What {@link #parse} reads, the same from any working directory. */
  public String text() {
    return file.toAbsolutePath().normalize() + ":" + number(strength);
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  @Override
  public String toString() {
    return file + ":" + number(strength);
  }
}
