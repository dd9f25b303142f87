// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import dev.wanlet.base.Printable;

/**
 * An output that cannot be written as asked: its place, its format or the size of its frames. The
 * message names the path, what is wrong and what would work.
 */
public class OutputException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public OutputException(String message) {
    super(Printable.message(message));
  }

  public OutputException(String message, Throwable cause) {
    super(Printable.message(message), cause);
  }
}
