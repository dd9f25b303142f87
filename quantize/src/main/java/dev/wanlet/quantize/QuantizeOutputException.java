// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.base.Printable;
import java.io.IOException;

/**
 * The output cannot be written: no room, no permission, or the disk fails. Nothing is left of it.
 */
public class QuantizeOutputException extends IOException {
  private static final long serialVersionUID = 1L;

  public QuantizeOutputException(IOException cause) {
    super(Printable.message(cause.getMessage()), cause);
  }
}
