// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import dev.wanlet.base.Printable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A weight file that is damaged, truncated, hostile or not of the format it claims. The message
 * names the file, the place in it, what was found and what was expected.
 */
public class WeightFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient Path file;

  public WeightFormatException(Path file, String message) {
    super(Printable.text(file) + ": " + Printable.message(message));
    this.file = file;
  }

  public WeightFormatException(Path file, String message, Throwable cause) {
    super(Printable.text(file) + ": " + Printable.message(message), cause);
    this.file = file;
  }

  public Path file() {
    return file;
  }
}
