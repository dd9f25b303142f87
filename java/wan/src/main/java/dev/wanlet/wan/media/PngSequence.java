// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The names of a picture sequence: {@code frames/%04d.png} numbers as written, {@code clip.png}
 * becomes {@code clip_0001.png}. Numbers start at 1. Immutable.
 */
public final class PngSequence {
  private static final Pattern NUMBER = Pattern.compile("%(?:0(\\d{1,2}))?d");
  private static final int FIRST = 1;

  private final Path path;
  private final String prefix;
  private final String suffix;
  private final int digits;
  private final boolean pattern;

  private PngSequence(Path path, String prefix, int digits, String suffix, boolean pattern) {
    this.path = path;
    this.prefix = prefix;
    this.digits = digits;
    this.suffix = suffix;
    this.pattern = pattern;
  }

  /**
   * The names that {@code path} stands for.
   *
   * @throws OutputException if it has a '%' that is no number, or more than one
   */
  public static PngSequence of(Path path) {
    String name = path.getFileName().toString();
    Matcher number = NUMBER.matcher(name);
    if (number.find()) {
      String prefix = name.substring(0, number.start());
      String suffix = name.substring(number.end());
      if (!prefix.contains("%") && !suffix.contains("%")) {
        int digits = number.group(1) == null ? 1 : Integer.parseInt(number.group(1));
        return new PngSequence(path, prefix, digits, suffix, true);
      }
    }
    if (name.contains("%")) {
      throw new OutputException(
          path + ": expected one number in the name of a sequence, such as %04d.png");
    }
    int dot = name.lastIndexOf('.');
    return new PngSequence(path, name.substring(0, dot) + "_", 4, name.substring(dot), false);
  }

  /** The file of the frame with this index, which starts at 0. */
  public Path file(int index) {
    String number = String.format("%0" + Math.max(1, digits) + "d", FIRST + index);
    return path.resolveSibling(prefix + number + suffix);
  }

  /** The files of so many frames; one frame takes the name as it is, unless that holds a number. */
  public List<Path> files(int frames) {
    return frames == 1 && !pattern
        ? List.of(path)
        : IntStream.range(0, frames).mapToObj(this::file).toList();
  }

  /** The file to read for what was written as {@code path}: itself, or a sequence's first. */
  public static Path firstFile(Path path) {
    Path name = path.getFileName();
    if (Files.exists(path)
        || name == null
        || !name.toString().toLowerCase(Locale.ROOT).endsWith(".png")) {
      return path;
    }
    Path first = of(path).file(0);
    return Files.exists(first) ? first : path;
  }
}
