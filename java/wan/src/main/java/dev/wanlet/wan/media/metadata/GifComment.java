// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.metadata;

import dev.wanlet.wan.media.MediaException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the first comment extension of a GIF. Stateless. Source: GIF89a, sections 15 to 26. */
final class GifComment {
  private static final int HEADER_BYTES = 10;
  private static final int EXTENSION = 0x21;
  private static final int COMMENT = 0xfe;
  private static final int IMAGE = 0x2c;
  private static final int IMAGE_HEADER_BYTES = 8;

  private GifComment() {}

  /** The comment's text, or null if there is none. */
  static String read(Path file) throws IOException {
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      in.skipNBytes(HEADER_BYTES);
      int flags = in.readUnsignedByte();
      in.skipNBytes(2L + colourTableBytes(flags));
      while (true) {
        int block = in.readUnsignedByte();
        if (block == EXTENSION) {
          boolean comment = in.readUnsignedByte() == COMMENT;
          byte[] data = subBlocks(in);
          if (comment) {
            return new String(data, StandardCharsets.UTF_8);
          }
        } else if (block == IMAGE) {
          in.skipNBytes(IMAGE_HEADER_BYTES);
          in.skipNBytes(colourTableBytes(in.readUnsignedByte()) + 1L);
          subBlocks(in);
        } else {
          return null;
        }
      }
    } catch (EOFException e) {
      throw new MediaException(file, "is cut off: the GIF ends before its trailer", e);
    }
  }

  private static long colourTableBytes(int flags) {
    return (flags & 0x80) == 0 ? 0 : 3L << ((flags & 7) + 1);
  }

  private static byte[] subBlocks(DataInputStream in) throws IOException {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    int length = in.readUnsignedByte();
    while (length != 0) {
      byte[] block = new byte[length];
      in.readFully(block);
      data.write(block);
      length = in.readUnsignedByte();
    }
    return data.toByteArray();
  }
}
