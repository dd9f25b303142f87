// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import java.nio.charset.StandardCharsets;

/** Makes the Java exception for a native failure; called by name from jni_support.cpp. */
final class NativeFailure {
  private NativeFailure() {}

  static RuntimeException of(int code, byte[] utf8Message) {
    String message = new String(utf8Message, StandardCharsets.UTF_8);
    ErrorCode kind = ErrorCode.values()[code];
    return kind == ErrorCode.INVALID_ARGUMENT
        ? new IllegalArgumentException(message)
        : new GgmlException(kind, message);
  }
}
