// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import dev.wanlet.base.Printable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A tokenizer file that is damaged, truncated, hostile or of a kind Wanlet does not read. The
 * message names the file, the place in it, what was found and what was expected.
 */
public final class TokenizerFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient Path file;

  /** An error in {@code file}; the message should not repeat its name. */
  public TokenizerFormatException(Path file, String message) {
    super(Printable.text(file) + ": " + Printable.message(message));
    this.file = file;
  }

  /** An error in {@code file}, with its cause. */
  public TokenizerFormatException(Path file, String message, Throwable cause) {
    super(Printable.text(file) + ": " + Printable.message(message), cause);
    this.file = file;
  }

  /** The file the vocabulary came from; null after deserialisation. */
  public Path file() {
    return file;
  }
}
