// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml.internal;

import java.lang.ref.Reference;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;

/**
 * A native object as Java holds it. Nobody sees its address but the calls made through this class,
 * which keeps the object's owner reachable until a call returns: the collector could otherwise have
 * the object freed while native code works on it. Thread-safety is that of the native object.
 */
public abstract sealed class NativeObject permits NativeHandle, NativeView {
  private final Object owner;

  /**
   * Takes the owner.
   *
   * @param owner the Java object that, while it is reachable, keeps the native one alive
   */
  NativeObject(Object owner) {
    this.owner = owner;
  }

  /**
   * The native address.
   *
   * @throws IllegalStateException if there is no such object any more
   */
  abstract long address();

  /** A native call on this object. */
  public final <R> R call(LongFunction<R> call) {
    try {
      return call.apply(address());
    } finally {
      Reference.reachabilityFence(owner);
    }
  }

  /** A native call on this object, without a result. */
  public final void run(LongConsumer call) {
    try {
      call.accept(address());
    } finally {
      Reference.reachabilityFence(owner);
    }
  }

  /** A native call on this object and another. */
  public final <R> R call(NativeObject other, OnTwo<R> call) {
    return call(mine -> other.call(others -> call.apply(mine, others)));
  }

  /** A native call on this object and another, without a result. */
  public final void run(NativeObject other, RunOnTwo call) {
    run(mine -> other.run(others -> call.accept(mine, others)));
  }

  /**
   * A native call on several objects.
   *
   * @param call gets their addresses, 0 for null
   */
  public static <R> R callAll(Function<long[], R> call, NativeObject... objects) {
    long[] addresses = new long[objects.length];
    for (int i = 0; i < objects.length; i++) {
      addresses[i] = objects[i] == null ? 0 : objects[i].address();
    }
    try {
      return call.apply(addresses);
    } finally {
      Reference.reachabilityFence(objects);
    }
  }

  /**
   * A call on two addresses.
   *
   * @param <R> the result
   */
  @FunctionalInterface
  public interface OnTwo<R> {
    R apply(long mine, long other);
  }

  /** A call on two addresses, without a result. */
  @FunctionalInterface
  public interface RunOnTwo {
    void accept(long mine, long other);
  }
}
