// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Owner: a file whose bytes are read here and there. Confined to one thread. */
final class FileBytes implements AutoCloseable {
  private final FileChannel channel;

  FileBytes(Path file) throws IOException {
    channel = FileChannel.open(file, StandardOpenOption.READ);
  }

  /**
   * Bytes from a place on, in big-endian order unless the caller says otherwise.
   *
   * @throws EOFException if the file ends before
   */
  ByteBuffer at(long offset, int count) throws IOException {
    if (offset < 0 || offset > channel.size() - count) {
      throw new EOFException("the file ends before byte " + (offset + count));
    }
    ByteBuffer bytes = ByteBuffer.allocate(count);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, offset + bytes.position()) < 0) {
        throw new EOFException("the file ends before byte " + (offset + count));
      }
    }
    return bytes.flip();
  }

  ByteBuffer littleEndian(long offset, int count) throws IOException {
    return at(offset, count).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Bytes as text, a character each. */
  String text(long offset, int count) throws IOException {
    return new String(at(offset, count).array(), StandardCharsets.ISO_8859_1);
  }

  int unsigned(long offset) throws IOException {
    return at(offset, 1).get() & 0xff;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
