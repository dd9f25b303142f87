// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the collector may free, and when. */
@Timeout(60)
class NativeHandleTest {
  private final List<Long> freed = Collections.synchronizedList(new ArrayList<>());

  private NativeHandle handle(Object owner) {
    return new NativeHandle(owner, "thing", 42, freed::add);
  }

  @Test
  void closingFreesOnce() {
    NativeHandle handle = handle(this);
    assertThat(handle.<Long>call(address -> address)).isEqualTo(42);
    handle.close();
    handle.close();
    assertThat(freed).containsExactly(42L);
    assertThatThrownBy(() -> handle.run(address -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("this thing is closed");
  }

  @Test
  void theOwnerOutlivesItsCalls() throws InterruptedException {
    Object owner = new Object();
    WeakReference<Object> seen = new WeakReference<>(owner);
    NativeHandle handle = handle(owner);
    NativeView part = new NativeView(owner, 43);
    owner = null;
    collect();
    List<Object> during = new ArrayList<>();
    handle.run(part, (whole, inside) -> during.add(seen.get()));
    NativeObject.callAll(addresses -> during.add(seen.get()), handle, null, part);
    assertThat(during).hasSize(2).doesNotContainNull();
    assertThat(freed).isEmpty();
    handle.close();
  }

  @Test
  void whatNobodyCanCloseIsFreed() throws InterruptedException {
    int before = NativeHandle.liveCount();
    handle(new Object());
    while (NativeHandle.liveCount() > before) {
      collect();
    }
    while (freed.isEmpty()) {
      Thread.sleep(5);
    }
    assertThat(freed).containsExactly(42L);
  }

  @Test
  void lentMemoryIsFreedByClosingAlone() throws InterruptedException {
    int before = NativeHandle.liveCount();
    assertThat(handle(new Object()).lend()).isEqualTo(42);
    while (NativeHandle.liveCount() > before) {
      collect();
    }
    collect();
    assertThat(freed).isEmpty();

    NativeHandle closed = handle(this);
    assertThat(closed.lend()).isEqualTo(42);
    closed.close();
    assertThat(freed).containsExactly(42L);
  }

  private static void collect() throws InterruptedException {
    System.gc();
    Thread.sleep(5);
  }
}
