// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml.internal;

import dev.wanlet.base.Printable;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;

/** Where ggml's log lines arrive; called by name from jni_log.cpp, from any thread. */
final class NativeLog {
  private static final Logger LOG = System.getLogger("dev.wanlet.ggml");

  private NativeLog() {}

  static void log(int level, byte[] utf8Text) {
    // ggml's INFO lines tell about its own start-up; they are detail to a user of Wanlet.
    Level javaLevel =
        level == GgmlJni.LOG_ERROR
            ? Level.ERROR
            : level == GgmlJni.LOG_WARN ? Level.WARNING : Level.TRACE;
    if (LOG.isLoggable(javaLevel)) {
      LOG.log(
          javaLevel,
          Printable.message(new String(utf8Text, StandardCharsets.UTF_8).stripTrailing()));
    }
  }
}
