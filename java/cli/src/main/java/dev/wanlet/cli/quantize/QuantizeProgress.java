// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import dev.wanlet.cli.console.ByteProgress;
import dev.wanlet.cli.console.Interruption;
import dev.wanlet.quantize.QuantizeListener;
import java.io.PrintWriter;

/**
 * Shows how quantising goes on, and stops it at Ctrl-C, so that no half-written file stays. Owner
 * of a shutdown hook; confined to one thread.
 */
final class QuantizeProgress implements QuantizeListener, AutoCloseable {
  private final PrintWriter err;
  private final ByteProgress bar = new ByteProgress("quantising");
  private final Interruption interruption = Interruption.onInterrupt(() -> cancelled = true);
  private volatile boolean cancelled;

  QuantizeProgress(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void progress(long doneBytes, long totalBytes) {
    bar.at(doneBytes, totalBytes);
  }

  @Override
  public void warning(String message) {
    bar.close();
    err.println("wanlet: " + message);
    err.flush();
  }

  @Override
  public boolean isCancelled() {
    return cancelled;
  }

  @Override
  public void close() {
    bar.close();
    interruption.close();
  }
}
