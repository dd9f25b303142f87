// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.base.Printable;

/**
 * A request that cannot be carried out as it is: an impossible size, frame count or setting. The
 * message quotes the value, says what was expected and names the nearest values that work. Nothing
 * has been loaded when it is thrown.
 */
public class RequestException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public RequestException(String message) {
    super(Printable.message(message));
  }

  public RequestException(String message, Throwable cause) {
    super(Printable.message(message), cause);
  }
}
