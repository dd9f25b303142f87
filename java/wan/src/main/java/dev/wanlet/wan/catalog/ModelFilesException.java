// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import java.io.IOException;

/**
 * Files that do not make a whole model: a part is missing, two files could be the same part, or
 * parts do not fit together. The message names the part and the option that gives it.
 */
public class ModelFilesException extends IOException {
  private static final long serialVersionUID = 1L;

  public ModelFilesException(String message) {
    super(message);
  }

  public ModelFilesException(String message, Throwable cause) {
    super(message, cause);
  }
}
