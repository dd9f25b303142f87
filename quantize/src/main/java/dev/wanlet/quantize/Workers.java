// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Owner: the threads that convert and measure. Closing it drops the tasks that have not begun and
 * waits for the others, so that nothing uses memory that is about to be freed. Thread-safe.
 */
final class Workers implements AutoCloseable {
  private final ThreadPoolExecutor pool;

  Workers(int threads) {
    pool =
        new ThreadPoolExecutor(
            threads, threads, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Workers::thread);
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "wanlet-quantize");
    thread.setDaemon(true);
    return thread;
  }

  <T> Future<T> submit(Callable<T> task) {
    return pool.submit(task);
  }

  /**
   * Waits for a task.
   *
   * @throws CancellationException if this thread is interrupted
   * @throws IOException if the task failed so
   */
  static <T> T result(Future<T> task) throws IOException {
    try {
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted; nothing was written");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UncheckedIOException cause) {
        throw cause.getCause();
      }
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
    }
  }

  @Override
  public void close() {
    pool.shutdown();
    pool.getQueue().clear();
    boolean interrupted = false;
    while (!pool.isTerminated()) {
      try {
        pool.awaitTermination(1, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
