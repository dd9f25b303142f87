// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C: asks the running work to stop, and holds the process until it has, so that buffers are
 * freed and no half-written file stays. Thread-safe.
 *
 * <p>The JVM starts its shutdown at the signal, while all threads go on; this hook keeps it from
 * ending until the main thread is through. The exit code is the JVM's own for the signal: 130.
 */
public final class Interruption implements AutoCloseable {
  /** A stop takes one block; this is only against a driver that hangs. */
  private static final long LONGEST_WAIT_SECONDS = 120;

  private static final CountDownLatch FINISHED = new CountDownLatch(1);

  private final Thread hook;

  private Interruption(Thread hook) {
    this.hook = hook;
  }

  /** Calls {@code stop} on another thread when the user interrupts, until closed. */
  public static Interruption onInterrupt(Runnable stop) {
    Thread hook =
        new Thread(
            () -> {
              System.err.println();
              System.err.println("wanlet: stopping ...");
              stop.run();
              awaitMain();
            },
            "wanlet-interruption");
    Runtime.getRuntime().addShutdownHook(hook);
    return new Interruption(hook);
  }

  private static void awaitMain() {
    try {
      if (!FINISHED.await(LONGEST_WAIT_SECONDS, TimeUnit.SECONDS)) {
        System.err.println(
            "wanlet: the device has not answered for " + LONGEST_WAIT_SECONDS + " s; giving up");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The main thread has cleaned up; the process may end. */
  public static void mainFinished() {
    FINISHED.countDown();
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The shutdown has begun: the hook runs, and ends with the main thread.
      return;
    }
  }
}
