// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * A user's wish to stop a run. The run looks at it between graphs, and may register what makes the
 * one under way end sooner. An {@linkplain Thread#interrupt() interrupt} of the thread that runs
 * the clip is such a wish too. Once cancelled it stays so. Thread-safe.
 */
public final class Cancellation {
  /**
   * Its lock keeps an action from being called once it was taken back: what it stops may be making
   * another clip by then.
   */
  private final List<Runnable> actions = new ArrayList<>();

  private volatile boolean cancelled;
  private boolean interrupted; // of the running thread

  /** Asks the run to stop. May be called from any thread, more than once. */
  public void cancel() {
    synchronized (actions) {
      cancelled = true;
      actions.forEach(Runnable::run);
    }
  }

  public boolean isCancelled() {
    return cancelled;
  }

  /**
   * Whether the run is to stop, asked on the thread that runs it. An interrupt is taken off the
   * thread, since what is left to do, such as saving, would fail on one that is interrupted.
   */
  boolean observe() {
    if (Thread.interrupted()) {
      interrupted = true;
      cancel();
    }
    return cancelled;
  }

  /** Gives an interrupt back to the thread, for whoever called the run. */
  void restoreInterrupt() {
    if (interrupted) {
      interrupted = false;
      Thread.currentThread().interrupt();
    }
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
    synchronized (actions) {
      actions.add(action);
      if (cancelled) {
        action.run();
      }
    }
    return () -> {
      synchronized (actions) {
        actions.remove(action);
      }
    };
  }

  /** Takes an action back when closed. */
  @FunctionalInterface
  public interface Registration extends AutoCloseable {
    @Override
    void close();
  }
}
