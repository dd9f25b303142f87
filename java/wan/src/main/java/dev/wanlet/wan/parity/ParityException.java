// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import java.io.IOException;
import java.nio.file.Path;

/** A reference folder that is damaged, or of a kind that cannot be run. */
public class ParityException extends IOException {
  private static final long serialVersionUID = 1L;

  public ParityException(Path where, String message) {
    super(where + ": " + message);
  }

  public ParityException(Path where, String message, Throwable cause) {
    super(where + ": " + message, cause);
  }
}
