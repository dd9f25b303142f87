// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import dev.wanlet.wan.media.Images;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.preview.PictureSheet;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.Locale;
import java.util.function.UnaryOperator;
import javax.imageio.ImageIO;

/**
 * Pictures as text that terminals show as pictures. Stateless.
 *
 * <p>Sources: the graphics protocol of kitty (sw.kovidgoyal.net/kitty/graphics-protocol), iTerm2's
 * inline images (iterm2.com/documentation-images.html), the sixel graphics of DEC's VT340.
 */
public final class TerminalPictures {
  /** How a terminal takes pictures. */
  public enum Protocol {
    KITTY,
    ITERM,
    SIXEL,
    /** Half blocks in 24-bit colour, which most terminals show. */
    BLOCKS
  }

  private static final int COLUMNS = 72;
  private static final int ROWS = 20;

  /** Columns of pixels of a sixel picture; a character has about so many. */
  private static final int PIXELS_PER_COLUMN = 8;

  private static final int KITTY_CHUNK = 4096;

  /** Shades of each colour in a sixel picture. */
  private static final int SHADES = 6;

  private static final int SIXEL_ROWS = 6;

  private TerminalPictures() {}

  /** What the terminal understands, as far as its environment tells. */
  public static Protocol protocol(UnaryOperator<String> environment) {
    String term = value(environment, "TERM");
    String program = value(environment, "TERM_PROGRAM");
    if (!value(environment, "TMUX").isEmpty() || term.startsWith("screen")) {
      return Protocol.BLOCKS; // pictures do not pass through
    }
    if (term.contains("kitty")
        || !value(environment, "KITTY_WINDOW_ID").isEmpty()
        || program.equals("ghostty")) {
      return Protocol.KITTY;
    }
    if (program.equals("iterm.app")
        || program.equals("wezterm")
        || value(environment, "LC_TERMINAL").equals("iterm2")) {
      return Protocol.ITERM;
    }
    boolean sixel =
        term.contains("sixel")
            || term.startsWith("foot")
            || term.startsWith("mlterm")
            || term.startsWith("contour")
            || term.startsWith("yaft");
    return sixel ? Protocol.SIXEL : Protocol.BLOCKS;
  }

  private static String value(UnaryOperator<String> environment, String name) {
    String value = environment.apply(name);
    return value == null ? "" : value.toLowerCase(Locale.ROOT);
  }

  /**
   * Text that a terminal shows as a picture.
   *
   * @param text ends with a new line
   * @param rows lines that it takes on the screen; 0 if nobody knows
   */
  public record Shown(String text, int rows) {}

  /** A picture, made to fit a screen of 80 columns. */
  public static Shown of(RgbFrame picture, Protocol protocol) {
    // A character is about twice as high as it is wide.
    double shape = (double) picture.height() / picture.width();
    int columns = (int) Math.max(1, Math.min(COLUMNS, Math.round(2 * ROWS / shape)));
    int rows = (int) Math.max(1, Math.min(ROWS, Math.round(columns * shape / 2)));
    return switch (protocol) {
      case KITTY -> new Shown(kitty(picture, columns, rows), rows);
      case ITERM -> new Shown(iterm(picture, columns, rows), rows);
      case SIXEL -> {
        int width = columns * PIXELS_PER_COLUMN;
        int height = (int) Math.max(1, Math.round(width * shape));
        yield new Shown(sixel(PictureSheet.resized(picture, width, height)), 0);
      }
      case BLOCKS -> new Shown(blocks(PictureSheet.resized(picture, columns, 2 * rows)), rows);
    };
  }

  private static String kitty(RgbFrame picture, int columns, int rows) {
    String data = png(picture);
    StringBuilder text = new StringBuilder();
    for (int at = 0; at < data.length(); at += KITTY_CHUNK) {
      int end = Math.min(data.length(), at + KITTY_CHUNK);
      text.append("\033_G");
      if (at == 0) {
        // One picture with one number: the next takes its place. Nothing is answered.
        text.append("a=T,f=100,i=1,p=1,q=2,c=").append(columns).append(",r=").append(rows);
        text.append(',');
      }
      text.append("m=").append(end < data.length() ? 1 : 0).append(';');
      text.append(data, at, end).append("\033\\");
    }
    return text.append('\n').toString();
  }

  private static String iterm(RgbFrame picture, int columns, int rows) {
    return String.format(
        "\033]1337;File=inline=1;width=%d;height=%d;preserveAspectRatio=1:%s\007%n",
        columns, rows, png(picture));
  }

  private static String png(RgbFrame picture) {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      ImageIO.write(Images.toBufferedImage(picture), "png", png);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Base64.getEncoder().encodeToString(png.toByteArray());
  }

  private static String blocks(RgbFrame picture) {
    StringBuilder text = new StringBuilder();
    for (int y = 0; y + 1 < picture.height(); y += 2) {
      for (int x = 0; x < picture.width(); x++) {
        text.append("\033[38;2;").append(colour(picture, x, y));
        text.append(";48;2;").append(colour(picture, x, y + 1)).append("m\u2580");
      }
      text.append("\033[0m\n");
    }
    return text.toString();
  }

  private static String colour(RgbFrame picture, int x, int y) {
    return picture.red(x, y) + ";" + picture.green(x, y) + ";" + picture.blue(x, y);
  }

  private static String sixel(RgbFrame picture) {
    StringBuilder text = new StringBuilder("\033Pq");
    int colours = SHADES * SHADES * SHADES;
    for (int i = 0; i < colours; i++) {
      text.append('#').append(i).append(";2;").append(percent(i / (SHADES * SHADES)));
      text.append(';').append(percent(i / SHADES % SHADES));
      text.append(';').append(percent(i % SHADES));
    }
    for (int y = 0; y < picture.height(); y += SIXEL_ROWS) {
      boolean[] used = new boolean[colours];
      int[][] index = new int[SIXEL_ROWS][picture.width()];
      for (int row = 0; row < SIXEL_ROWS; row++) {
        for (int x = 0; x < picture.width(); x++) {
          index[row][x] = y + row < picture.height() ? index(picture, x, y + row) : -1;
          if (index[row][x] >= 0) {
            used[index[row][x]] = true;
          }
        }
      }
      for (int colour = 0; colour < colours; colour++) {
        if (used[colour]) {
          text.append('#').append(colour);
          appendRow(text, index, colour);
          text.append('$');
        }
      }
      text.append('-');
    }
    return text.append("\033\\\n").toString();
  }

  /** The pixels of one colour in six rows, a character for each column, with runs shortened. */
  private static void appendRow(StringBuilder text, int[][] index, int colour) {
    int width = index[0].length;
    for (int x = 0; x < width; ) {
      int bits = bits(index, x, colour);
      int end = x + 1;
      while (end < width && bits(index, end, colour) == bits) {
        end++;
      }
      text.append('!').append(end - x).append((char) ('?' + bits));
      x = end;
    }
  }

  private static int bits(int[][] index, int x, int colour) {
    int bits = 0;
    for (int row = 0; row < SIXEL_ROWS; row++) {
      bits |= index[row][x] == colour ? 1 << row : 0;
    }
    return bits;
  }

  private static int percent(int shade) {
    return shade * 100 / (SHADES - 1);
  }

  private static int index(RgbFrame picture, int x, int y) {
    return (shade(picture.red(x, y)) * SHADES + shade(picture.green(x, y))) * SHADES
        + shade(picture.blue(x, y));
  }

  private static int shade(int value) {
    return (value * (SHADES - 1) + 127) / 255;
  }
}
