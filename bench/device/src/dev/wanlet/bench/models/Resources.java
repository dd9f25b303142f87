// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.models;

import java.util.ArrayDeque;
import java.util.Deque;

/** Owner: what a trial opened, closed in reverse order. Confined to one thread. */
public final class Resources implements AutoCloseable {
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  /** Closes {@code resource} before those that were added earlier. */
  public <T extends AutoCloseable> T add(T resource) {
    open.push(resource);
    return resource;
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("closing what a trial opened failed", e);
      }
    }
  }
}
