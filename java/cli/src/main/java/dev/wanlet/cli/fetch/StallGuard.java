// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * Closes a stream on which nothing has come for too long: a connection can die without a word.
 * Thread-safe.
 */
final class StallGuard implements AutoCloseable {
  private static final int CHECKS = 10;

  private final InputStream stream;
  private final long limitNanos;
  private final Thread thread;
  private volatile long last = System.nanoTime();
  private volatile boolean stalled;

  StallGuard(InputStream stream, Duration limit) {
    this.stream = stream;
    this.limitNanos = limit.toNanos();
    this.thread = new Thread(() -> watch(limit.dividedBy(CHECKS)), "wanlet-stall-guard");
    thread.setDaemon(true);
    thread.start();
  }

  private void watch(Duration pause) {
    try {
      while (System.nanoTime() - last < limitNanos) {
        Thread.sleep(Math.max(1, pause.toMillis()));
      }
      stalled = true;
      stream.close();
    } catch (InterruptedException e) {
      return; // the stream is through
    } catch (IOException e) {
      return; // it is closed as far as it can be
    }
  }

  /** Something has come. */
  void touch() {
    last = System.nanoTime();
  }

  /** Whether the stream was closed by this guard. */
  boolean hasStalled() {
    return stalled;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
