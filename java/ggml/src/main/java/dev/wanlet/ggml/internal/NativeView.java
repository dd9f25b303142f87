// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml.internal;

/**
 * View: a native object that is freed with another one, or never. Immutable; equal to a view of the
 * same object.
 */
public final class NativeView extends NativeObject {
  private final long address;

  /**
   * Looks at an object.
   *
   * @param owner the Java object that, while it is reachable, keeps the native one alive
   * @param address the native object, not 0
   */
  public NativeView(Object owner, long address) {
    super(owner);
    this.address = address;
  }

  @Override
  long address() {
    return address;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NativeView view && view.address == address;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(address);
  }
}
