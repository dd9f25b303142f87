// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.NativeLibrary;
import java.util.function.LongSupplier;

/**
 * Whether the CPU backend's threads sleep while they wait for each other. Threads that spin take
 * the very processor that the late one needs, when another program is busy: a run then takes many
 * times as long. Thread-safe; the answer is found once a process.
 */
final class BarrierCheck {
  /** How long a thread that waits for 5 ms may use its processor, in nanoseconds. */
  private static final long LONGEST_SPIN = 1_000_000;

  private static boolean done;

  private BarrierCheck() {}

  /**
   * Refuses a backend that others built and whose threads spin.
   *
   * @param spin measures the longest spin of a wait of 5 ms, in nanoseconds
   * @throws GgmlException if it is one
   */
  static synchronized void require(Device cpu, LongSupplier spin) {
    if (!done) {
      check(
          cpu.hasSleepingBarrier(), shortestSpin(spin) < LONGEST_SPIN, NativeLibrary.isOwnBuild());
      done = true;
    }
  }

  // What else the system does in a thread's name can add to one measurement, not to three.
  private static long shortestSpin(LongSupplier spin) {
    long shortest = Long.MAX_VALUE;
    for (int i = 0; i < 3 && shortest >= LONGEST_SPIN; i++) {
      shortest = Math.min(shortest, spin.getAsLong());
    }
    return shortest;
  }

  /**
   * Decides.
   *
   * @param madeToSleep whether the backend says that its barrier sleeps
   * @param sleeps whether it was seen to
   * @param own whether it is the backend that Wanlet's build made
   */
  static void check(boolean madeToSleep, boolean sleeps, boolean own) {
    if (madeToSleep && sleeps) {
      return;
    }
    String what =
        "the CPU backend in "
            + NativeLibrary.directory()
            + " spins while its threads wait for each other, which makes a run many times as long"
            + " when another program is busy";
    if (!own) {
      throw new GgmlException(
          ErrorCode.DEVICE_FAILED, what + "; use the backend that Wanlet's own build makes");
    }
    System.getLogger("dev.wanlet.ggml")
        .log(
            System.Logger.Level.WARNING,
            what
                + ": another library of this process loaded GNU OpenMP before Wanlet did; set"
                + " GOMP_SPINCOUNT=1000 in the environment");
  }
}
