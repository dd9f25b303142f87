// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.base.Printable;
import java.io.IOException;
import java.nio.file.Path;

/** A reference folder that is damaged, or of a kind that cannot be run. */
public class ParityException extends IOException {
  private static final long serialVersionUID = 1L;

  public ParityException(Path where, String message) {
    super(Printable.text(where) + ": " + Printable.message(message));
  }

  public ParityException(Path where, String message, Throwable cause) {
    super(Printable.text(where) + ": " + Printable.message(message), cause);
  }
}
