// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml.internal;

import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * Owner of one native object: frees it exactly once. Thread-safe.
 *
 * <p>Closing is the caller's duty; a {@link Cleaner} is only the safety net, and says so in the
 * log. With {@code -Ddev.wanlet.track=true} the report names the place where the object was made.
 */
public final class NativeHandle extends NativeObject implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final boolean TRACK = Boolean.getBoolean("dev.wanlet.track");
  private static final Map<State, String> LIVE = new ConcurrentHashMap<>();

  private final State state;
  private final Cleaner.Cleanable cleanable;

  /**
   * Takes ownership.
   *
   * @param owner the object whose unreachability means that nobody can close this any more
   * @param kind for messages: "buffer", "arena"
   * @param address the native object, not 0
   * @param free frees it
   */
  public NativeHandle(Object owner, String kind, long address, LongConsumer free) {
    super(owner);
    this.state =
        new State(kind, new AtomicLong(address), free, TRACK ? new Throwable("made here") : null);
    LIVE.put(state, kind);
    this.cleanable = CLEANER.register(owner, state::leaked);
  }

  /**
   * Gives the address away, for memory that others read or write between calls. The collector
   * cannot see them do it, so from now on only {@link #close()} frees the object: one that nobody
   * can close any more is reported, and stays.
   *
   * @throws IllegalStateException after {@link #close()}
   */
  public long lend() {
    state.lent = true;
    return address();
  }

  @Override
  long address() {
    long address = state.address.get();
    if (address == 0) {
      throw new IllegalStateException("this " + state.kind + " is closed");
    }
    return address;
  }

  public boolean isClosed() {
    return state.address.get() == 0;
  }

  @Override
  public void close() {
    if (state.close(true)) {
      cleanable.clean();
    }
  }

  /** How many native objects are alive now; tests expect it to return to where it was. */
  public static int liveCount() {
    return LIVE.size();
  }

  // Must not refer to the owner: it would never become unreachable.
  private static final class State {
    final String kind;
    final AtomicLong address;
    final LongConsumer free;
    final Throwable origin;
    volatile boolean lent;

    State(String kind, AtomicLong address, LongConsumer free, Throwable origin) {
      this.kind = kind;
      this.address = address;
      this.free = free;
      this.origin = origin;
    }

    boolean close(boolean andFree) {
      long was = address.getAndSet(0);
      if (was == 0) {
        return false;
      }
      LIVE.remove(this);
      if (andFree) {
        free.accept(was);
      }
      return true;
    }

    void leaked() {
      if (close(!lent)) {
        System.getLogger("dev.wanlet.ggml")
            .log(Level.WARNING, "a native " + kind + " was never closed", origin);
      }
    }
  }
}
