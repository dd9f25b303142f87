// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import java.io.IOException;
import java.util.OptionalLong;

/** A failure that may be gone at the next try. */
final class TryAgainException extends IOException {
  private static final long serialVersionUID = 1L;

  private final long waitSeconds; // -1: nobody said

  TryAgainException(String message) {
    this(message, OptionalLong.empty());
  }

  /**
   * @param waitSeconds how long the server asks to wait
   */
  TryAgainException(String message, OptionalLong waitSeconds) {
    super(message);
    this.waitSeconds = waitSeconds.orElse(-1);
  }

  OptionalLong waitSeconds() {
    return waitSeconds < 0 ? OptionalLong.empty() : OptionalLong.of(waitSeconds);
  }
}
