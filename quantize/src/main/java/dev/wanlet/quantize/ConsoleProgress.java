// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Progress on stderr, a bar on a terminal and nothing elsewhere, and Ctrl-C: it asks the run to
 * stop and holds the process until the half-written file is gone. Owner of a shutdown hook;
 * confined to one thread.
 */
final class ConsoleProgress implements QuantizeListener, AutoCloseable {
  private static final Path STDERR = Path.of("/proc/self/fd/2");
  private static final int BAR_WIDTH = 30;
  private static final long UPDATE_NANOS = 200_000_000;

  /** A slice takes far less; this is only against a disk that hangs. */
  private static final long LONGEST_WAIT_SECONDS = 60;

  private final PrintWriter err;
  private final boolean terminal = isTerminal();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook = new Thread(this::interrupted, "wanlet-quantize-interruption");
  private final long start = System.nanoTime();
  private long lastUpdate = start;
  private boolean shown;
  private volatile boolean cancelled;

  ConsoleProgress(PrintWriter err) {
    this.err = err;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private static boolean isTerminal() {
    try {
      String target = Files.readSymbolicLink(STDERR).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException e) {
      return System.console() != null; // not Linux
    }
  }

  private void interrupted() {
    cancelled = true;
    try {
      closed.await(LONGEST_WAIT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void progress(long done, long total) {
    long now = System.nanoTime();
    if (!terminal || (now - lastUpdate < UPDATE_NANOS && done < total)) {
      return;
    }
    lastUpdate = now;
    shown = true;
    int filled = (int) (BAR_WIDTH * done / Math.max(1, total));
    double left = (now - start) / 1e9 * (total - done) / Math.max(1, done);
    err.printf(
        Locale.ROOT,
        "\r[%s%s] %3d%%  %4.0f s left ",
        "#".repeat(filled),
        "-".repeat(BAR_WIDTH - filled),
        100 * done / Math.max(1, total),
        left);
    err.flush();
  }

  @Override
  public void warning(String message) {
    clearBar();
    err.println("wanlet: " + message);
    err.flush();
  }

  @Override
  public boolean isCancelled() {
    return cancelled;
  }

  private void clearBar() {
    if (shown) {
      err.print("\r" + " ".repeat(BAR_WIDTH + 24) + "\r");
      err.flush();
      shown = false;
    }
  }

  @Override
  public void close() {
    clearBar();
    closed.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // the shutdown has begun, and the hook has just been let go
    }
  }
}
