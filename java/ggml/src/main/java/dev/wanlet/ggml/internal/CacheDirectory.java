// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml.internal;

import java.nio.file.Path;
import java.util.Locale;

/**
 * The user's cache directory of Wanlet: {@code $WANLET_CACHE}, else {@code $XDG_CACHE_HOME/wanlet},
 * else the platform's usual place. Thread-safe.
 */
public final class CacheDirectory {
  private CacheDirectory() {}

  /** A folder inside the cache; it is not created here. */
  public static Path of(String folder) {
    return root().resolve(folder);
  }

  private static Path root() {
    String own = System.getenv("WANLET_CACHE");
    if (own != null && !own.isBlank()) {
      return Path.of(own).toAbsolutePath();
    }
    String xdg = System.getenv("XDG_CACHE_HOME");
    if (xdg != null && !xdg.isBlank()) {
      return Path.of(xdg).toAbsolutePath().resolve("wanlet");
    }
    Path home = Path.of(System.getProperty("user.home"));
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String localAppData = System.getenv("LOCALAPPDATA");
    if (os.contains("win") && localAppData != null) {
      return Path.of(localAppData, "wanlet");
    }
    return os.contains("mac")
        ? home.resolve("Library/Caches/wanlet")
        : home.resolve(".cache/wanlet");
  }
}
