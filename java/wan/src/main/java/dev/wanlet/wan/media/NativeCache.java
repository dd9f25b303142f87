// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import java.nio.file.Path;
import java.util.Map;

/** Where Wanlet keeps what can be made again, such as unpacked native libraries. Immutable. */
public final class NativeCache {
  private NativeCache() {}

  /** {@code $WANLET_CACHE}, else {@code $XDG_CACHE_HOME/wanlet}, else {@code ~/.cache/wanlet}. */
  public static Path directory() {
    return directory(System.getenv(), System.getProperty("user.home"));
  }

  public static Path directory(Map<String, String> environment, String home) {
    String own = environment.getOrDefault("WANLET_CACHE", "");
    if (!own.isBlank()) {
      return Path.of(own).toAbsolutePath();
    }
    // The XDG specification asks that a relative path be ignored.
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    if (!xdg.isBlank() && Path.of(xdg).isAbsolute()) {
      return Path.of(xdg, "wanlet");
    }
    return Path.of(home, ".cache", "wanlet");
  }
}
