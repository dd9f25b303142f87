// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import java.io.IOException;

/** A file that cannot be fetched, and that trying again does not help. The message names it. */
final class FetchException extends IOException {
  private static final long serialVersionUID = 1L;

  FetchException(String message) {
    super(message);
  }

  FetchException(String message, Throwable cause) {
    super(message, cause);
  }
}
