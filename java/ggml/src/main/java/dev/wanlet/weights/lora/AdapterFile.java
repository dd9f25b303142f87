// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * An adapter that is asked for. Immutable.
 *
 * @param file a weight file, or a folder with one
 * @param strength what its changes are multiplied by: any finite number, 1 for as trained
 * @param scope where in a run it is added
 */
public record AdapterFile(Path file, double strength, AdapterScope scope) {
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
  private static final Pattern NOT_FINITE = Pattern.compile("(?i)[+-]?(nan|inf|infinity)");
  private static final Pattern EXPERT = Pattern.compile("(?i)high|low");
  private static final String BELOW = "below=";

  public AdapterFile {
    if (!Double.isFinite(strength)) {
      throw new IllegalArgumentException(
          "the strength of the adapter " + file + " is " + strength + ", expected a finite number");
    }
  }

  /** Added to every transformer, all the time. */
  public AdapterFile(Path file, double strength) {
    this(file, strength, AdapterScope.WHOLE);
  }

  /**
   * Reads {@code FILE[:STRENGTH][:high|:low][:below=LEVEL]}. A colon may be part of a path, so only
   * these are looked for behind the last ones, and what exists as it stands is a path.
   *
   * @throws IllegalArgumentException if the file's name is none, the strength not finite, or the
   *     noise level out of range
   */
  public static AdapterFile parse(String text) {
    String rest = text;
    double below = Double.POSITIVE_INFINITY;
    String end = end(rest);
    if (end.toLowerCase(Locale.ROOT).startsWith(BELOW)) {
      below = level(text, end.substring(BELOW.length()));
      rest = withoutEnd(rest);
      end = end(rest);
    }
    AdapterScope.Expert expert = AdapterScope.Expert.BOTH;
    if (EXPERT.matcher(end).matches()) {
      expert = AdapterScope.Expert.valueOf(end.toUpperCase(Locale.ROOT));
      rest = withoutEnd(rest);
    }
    AdapterFile file = withStrength(rest);
    return new AdapterFile(file.file(), file.strength(), new AdapterScope(expert, below));
  }

  /** What stands behind the last colon; empty if all of it is a path. */
  private static String end(String text) {
    int colon = text.lastIndexOf(':');
    return colon > 0 && !exists(text) ? text.substring(colon + 1) : "";
  }

  private static String withoutEnd(String text) {
    return text.substring(0, text.lastIndexOf(':'));
  }

  private static double level(String text, String number) {
    if (!NUMBER.matcher(number).matches()
        || !(Double.parseDouble(number) > 0 && Double.parseDouble(number) <= 1)) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "': below='"
              + number
              + "' is no noise level above 0 up to 1, such as 0.965");
    }
    return Double.parseDouble(number);
  }

  private static AdapterFile withStrength(String text) {
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
    return file.toAbsolutePath().normalize() + ":" + number(strength) + scopeText();
  }

  /** As {@link #text}, without the folders the file lies in. */
  public String textWithoutFolder() {
    Path name = file.toAbsolutePath().normalize().getFileName();
    return (name == null ? file : name) + ":" + number(strength) + scopeText();
  }

  private String scopeText() {
    boolean both = scope.expert() == AdapterScope.Expert.BOTH;
    return (both ? "" : ":" + scope.expert().id())
        + (scope.isAlways() ? "" : ":" + BELOW + number(scope.below()));
  }

  /** The same file in another place. */
  public AdapterFile at(Path place) {
    return new AdapterFile(place, strength, scope);
  }

  /** The same, added elsewhere. */
  public AdapterFile with(AdapterScope other) {
    return new AdapterFile(file, strength, other);
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  @Override
  public String toString() {
    return file + ":" + number(strength) + scopeText();
  }
}
