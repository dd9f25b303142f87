// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.metadata;

import dev.wanlet.wan.media.MediaException;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Finds the comment of a PNG: an {@code iTXt} or {@code tEXt} chunk of the keyword "Comment".
 * Stateless. Source: the PNG specification, sections 5.3 and 11.3.3.
 */
public final class PngComment {
  public static final String KEYWORD = "Comment";

  private static final int SIGNATURE_BYTES = 8;
  private static final int CRC_BYTES = 4;

  /** Far above any prompt; a longer chunk is skipped, not read. */
  private static final int MAX_TEXT_BYTES = 1 << 24;

  private PngComment() {}

  /** The comment's text, or null if there is none. */
  static String read(Path file) throws IOException {
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      in.skipNBytes(SIGNATURE_BYTES);
      while (true) {
        long length = Integer.toUnsignedLong(in.readInt());
        String type = new String(in.readNBytes(4), StandardCharsets.US_ASCII);
        if (type.equals("IEND")) {
          return null;
        }
        boolean text = type.equals("iTXt") || type.equals("tEXt");
        if (text && length <= MAX_TEXT_BYTES) {
          String comment = parse(in.readNBytes((int) length), type.equals("iTXt"));
          if (comment != null) {
            return comment;
          }
          length = 0;
        }
        in.skipNBytes(length + CRC_BYTES);
      }
    } catch (EOFException e) {
      throw new MediaException(file, "is cut off: the PNG ends before its last chunk", e);
    }
  }

  private static String parse(byte[] chunk, boolean international) {
    int end = indexOfZero(chunk, 0);
    if (!new String(chunk, 0, end, StandardCharsets.ISO_8859_1).equals(KEYWORD)) {
      return null;
    }
    if (!international) {
      return tail(chunk, end + 1, false);
    }
    // After the keyword: compression flag and method, language, translated keyword, text.
    int flag = end + 1;
    if (flag >= chunk.length || chunk[flag] != 0) {
      return null;
    }
    int language = indexOfZero(chunk, flag + 2);
    return tail(chunk, indexOfZero(chunk, language + 1) + 1, true);
  }

  private static String tail(byte[] chunk, int from, boolean utf8) {
    int start = Math.min(from, chunk.length);
    return new String(
        Arrays.copyOfRange(chunk, start, chunk.length),
        utf8 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
  }

  private static int indexOfZero(byte[] bytes, int from) {
    int i = Math.min(from, bytes.length);
    while (i < bytes.length && bytes[i] != 0) {
      i++;
    }
    return i;
  }
}
