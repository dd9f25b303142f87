// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import dev.wanlet.base.Printable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A picture or clip that is missing, damaged or of a kind that cannot be read. The message names
 * the file, what was found and what was expected.
 */
public class MediaException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient Path file;

  public MediaException(Path file, String message) {
    super(Printable.text(file) + ": " + Printable.message(message));
    this.file = file;
  }

  public MediaException(Path file, String message, Throwable cause) {
    super(Printable.text(file) + ": " + Printable.message(message), cause);
    this.file = file;
  }

  /** The file that was to be read. */
  public Path file() {
    return file;
  }
}
