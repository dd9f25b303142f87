// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.FutureTask;

/**
 * SHA-256 sums of files, made on a thread of its own while the files are converted, so that the
 * disk is read once. Owner of that thread; used by one thread.
 */
final class SourceHash implements AutoCloseable {
  /** Hexadecimal digits of a sum. */
  static final int DIGITS = 64;

  private static final int READ_BYTES = 4 << 20;

  private final FutureTask<List<String>> task;
  private volatile boolean stopped;

  SourceHash(List<Path> files) {
    this.task = new FutureTask<>(() -> sums(files));
    Thread thread = new Thread(task, "wanlet-source-hash");
    thread.setDaemon(true);
    thread.start();
  }

  private List<String> sums(List<Path> files) throws IOException, NoSuchAlgorithmException {
    List<String> sums = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
    for (Path file : files) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        while (channel.read(buffer.clear()) >= 0) {
          if (stopped) {
            throw new CancellationException();
          }
          digest.update(buffer.flip());
        }
      }
      sums.add(HexFormat.of().formatHex(digest.digest()));
    }
    return sums;
  }

  /** One sum for each file, in order; waits for them. */
  List<String> get() throws IOException {
    try {
      return Workers.result(task);
    } catch (IOException e) {
      throw new IOException("cannot read the source again for its check sum", e);
    }
  }

  @Override
  public void close() {
    stopped = true;
  }
}
