// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.base.Printable;

/** A failure inside ggml or its binding. The code says what kind, the message what to try. */
public class GgmlException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  public GgmlException(ErrorCode code, String message) {
    super(Printable.message(message));
    this.code = code;
  }

  public GgmlException(ErrorCode code, String message, Throwable cause) {
    super(Printable.message(message), cause);
    this.code = code;
  }

  public ErrorCode code() {
    return code;
  }
}
