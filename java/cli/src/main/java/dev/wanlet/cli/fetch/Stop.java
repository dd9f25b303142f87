// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import java.io.IOException;
import java.io.InputStream;

/**
 * The wish to stop a download, from another thread. The HTTP client's streams swallow interrupts,
 * so the one that is being read is closed. Thread-safe.
 */
final class Stop {
  private final Thread worker;
  private volatile boolean wanted;
  private volatile InputStream reading;

  /**
   * @param worker the thread that fetches, which is interrupted where it waits
   */
  Stop(Thread worker) {
    this.worker = worker;
  }

  /** Stops what the worker does now and will do. */
  void request() {
    wanted = true;
    close(reading);
    worker.interrupt();
  }

  boolean isWanted() {
    return wanted;
  }

  /** What the worker reads from now on. */
  void reading(InputStream stream) {
    reading = stream;
    if (wanted) {
      close(stream);
    }
  }

  private static void close(InputStream stream) {
    if (stream != null) {
      try {
        stream.close();
      } catch (IOException e) {
        return; // it is closed as far as it can be
      }
    }
  }
}
