// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
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
    collectGarbage();
    List<Object> during = new ArrayList<>();
    handle.run(part, (whole, inside) -> during.add(seen.get()));
    NativeObject.callAll(addresses -> during.add(seen.get()), handle, null, part);
    assertThat(during).hasSize(2).doesNotContainNull();
    assertThat(freed).isEmpty();
    handle.close();
  }

  @Test
  void whatNobodyCanCloseIsFreed() throws InterruptedException {
    CountDownLatch cleaned = new CountDownLatch(1);
    new NativeHandle(
        new Object(),
        "thing",
        42,
        address -> {
          freed.add(address);
          cleaned.countDown();
        });
    collectGarbage();
    cleaned.await();
    assertThat(freed).containsExactly(42L);
  }

  @Test
  void lentMemoryIsFreedByClosingAlone() throws InterruptedException {
    int before = NativeHandle.liveCount();
    assertThat(handle(new Object()).lend()).isEqualTo(42);
    collectGarbage();
    while (NativeHandle.liveCount() > before) {
      Thread.onSpinWait(); // the cleaner's thread has it in hand
    }
    assertThat(freed).isEmpty();

    NativeHandle closed = handle(this);
    assertThat(closed.lend()).isEqualTo(42);
    closed.close();
    assertThat(freed).containsExactly(42L);
  }

  /** Returns when an object that became unreachable just before this call has been collected. */
  private static void collectGarbage() throws InterruptedException {
    ReferenceQueue<Object> collected = new ReferenceQueue<>();
    PhantomReference<Object> canary = new PhantomReference<>(new Object(), collected);
    do {
      System.gc();
    } while (collected.remove(100) == null);
    assertThat(canary.refersTo(null)).isTrue();
  }
}
