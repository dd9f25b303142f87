// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** How fast the disk of a file is, by reading a part of the file. Stateless. */
final class DiskProbe {
  /** What a file must hold for the time to say anything. */
  static final long LEAST_BYTES = 32L << 20;

  private static final int PIECE = 8 << 20;

  private DiskProbe() {}

  /**
   * A measurement. Immutable.
   *
   * @param bytesPerSecond read one piece after the other
   * @param pastCache whether the reads went to the disk itself; else some of it may have come from
   *     memory, so the disk may be slower
   */
  record Result(double bytesPerSecond, boolean pastCache) {}

  /**
   * Reads from the middle of a file, past the page cache where the file system can.
   *
   * @param seconds to read for, about
   * @return empty if the file is too small
   * @throws IOException if it cannot be read
   */
  static Optional<Result> measure(Path file, double seconds) throws IOException {
    if (Files.size(file) < LEAST_BYTES) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Result(read(file, seconds, ExtendedOpenOption.DIRECT), true));
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.of(new Result(read(file, seconds), false));
    }
  }

  private static double read(Path file, double seconds, OpenOption... past) throws IOException {
    Set<OpenOption> options = new HashSet<>(Set.of(past));
    options.add(StandardOpenOption.READ);
    try (FileChannel channel = FileChannel.open(file, options)) {
      int block = (int) Math.max(4096, Files.getFileStore(file).getBlockSize());
      ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE + block).alignedSlice(block);
      long size = channel.size();
      long begin = size / 2 / block * block;
      long position = begin;
      long bytes = 0;
      long start = System.nanoTime();
      double elapsed = 0;
      // Reads past the cache want whole blocks, so the end of the file is left alone.
      while (elapsed < seconds && bytes + PIECE <= size - PIECE) {
        if (position + PIECE > size) {
          position = 0;
        }
        buffer.clear().limit(PIECE);
        int n = channel.read(buffer, position);
        if (n <= 0) {
          throw new IOException(file + " ends before its size");
        }
        position += PIECE;
        bytes += n;
        elapsed = (System.nanoTime() - start) / 1e9;
      }
      return bytes / elapsed;
    }
  }
}
