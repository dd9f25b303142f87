// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.base.Printable;

/** An operation was asked of tensors whose shapes, types or layouts do not fit it. */
public class ShapeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public ShapeException(String message) {
    super(Printable.message(message));
  }
}
