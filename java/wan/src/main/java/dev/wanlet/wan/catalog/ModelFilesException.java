// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.base.Printable;
import java.io.IOException;
import java.util.Optional;

/**
 * Files that do not make a whole model: a part is missing, two files could be the same part, or
 * parts do not fit together. The message names the part.
 */
public class ModelFilesException extends IOException {
  private static final long serialVersionUID = 1L;

  private final ModelPart part;

  /** A refusal that another file would not heal. */
  public ModelFilesException(String message) {
    this(message, null, null);
  }

  /**
   * A refusal.
   *
   * @param part what to give another file for, or null
   */
  public ModelFilesException(String message, ModelPart part, Throwable cause) {
    super(Printable.message(message), cause);
    this.part = part;
  }

  /** The part for which another file should be given, if that would help. */
  public Optional<ModelPart> part() {
    return Optional.ofNullable(part);
  }
}
