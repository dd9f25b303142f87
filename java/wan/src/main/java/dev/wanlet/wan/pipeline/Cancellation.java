// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A user's wish to stop a run. The run looks at it between graphs, and may register what makes the
 * one under way end sooner. Once cancelled it stays so. Thread-safe.
 */
public final class Cancellation {
  private final List<Runnable> actions = new CopyOnWriteArrayList<>();
  private volatile boolean cancelled;

  /** Asks the run to stop. May be called from any thread, more than once. */
  public void cancel() {
    cancelled = true;
    actions.forEach(Runnable::run);
  }

  public boolean isCancelled() {
    return cancelled;
  }

  /**
   * Ends the run if that was asked for.
   *
   * @throws CancellationException if {@link #cancel()} was called
   */
  public void check() {
    if (cancelled) {
      throw new CancellationException("stopped on request");
    }
  }

  /**
   * Has {@code action} called by {@link #cancel()}, or now if that came before. It must be quick,
   * safe to call twice and from any thread.
   *
   * @return takes the action back
   */
  public Registration onCancel(Runnable action) {
    actions.add(action);
    if (cancelled) {
      action.run();
    }
    return () -> actions.remove(action);
  }

  /** Takes an action back when closed. */
  @FunctionalInterface
  public interface Registration extends AutoCloseable {
    @Override
    void close();
  }
}
