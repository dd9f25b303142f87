// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CancellationTest {
  @Test
  void actionsAreCalledOnceCancelledAndNotWhenTakenBack() {
    Cancellation cancellation = new Cancellation();
    AtomicInteger calls = new AtomicInteger();
    cancellation.onCancel(() -> calls.addAndGet(1));
    cancellation.onCancel(() -> calls.addAndGet(10)).close();
    cancellation.cancel();
    assertThat(calls).hasValue(1);
    cancellation.onCancel(() -> calls.addAndGet(100));
    assertThat(calls).hasValue(101);
  }

  /** What an action stops may be making another clip once it was taken back. */
  @Test
  void anActionUnderWayEndsBeforeItIsTakenBack() throws InterruptedException {
    Cancellation cancellation = new Cancellation();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicBoolean ended = new AtomicBoolean();
    Cancellation.Registration registration =
        cancellation.onCancel(
            () -> {
              begun.countDown();
              try {
                goOn.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              ended.set(true);
            });
    Thread cancelling = new Thread(cancellation::cancel);
    cancelling.start();
    begun.await();
    AtomicBoolean endedBefore = new AtomicBoolean();
    Thread closing =
        new Thread(
            () -> {
              registration.close();
              endedBefore.set(ended.get());
            });
    closing.start();
    while (closing.getState() != Thread.State.BLOCKED
        && closing.getState() != Thread.State.TERMINATED) {
      Thread.onSpinWait();
    }
    goOn.countDown();
    cancelling.join();
    closing.join();
    assertThat(endedBefore).isTrue();
  }
}
