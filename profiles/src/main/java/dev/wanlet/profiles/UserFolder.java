// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** Where a user keeps what they wrote for Wanlet. Stateless. */
public final class UserFolder {
  private UserFolder() {}

  /**
   * A folder inside the user's configuration: {@code $WANLET_CONFIG}, else {@code
   * $XDG_CONFIG_HOME/wanlet}, else the platform's usual place. It is not created here.
   */
  public static Path of(String name) {
    return root(System.getenv(), System.getProperty("user.home"), System.getProperty("os.name"))
        .resolve(name);
  }

  static Path root(Map<String, String> environment, String home, String system) {
    String own = environment.getOrDefault("WANLET_CONFIG", "");
    if (!own.isBlank()) {
      return Path.of(own).toAbsolutePath();
    }
    // The XDG specification asks that a relative path be ignored.
    String xdg = environment.getOrDefault("XDG_CONFIG_HOME", "");
    if (!xdg.isBlank() && Path.of(xdg).isAbsolute()) {
      return Path.of(xdg, "wanlet");
    }
    String os = system.toLowerCase(Locale.ROOT);
    String appData = environment.getOrDefault("APPDATA", "");
    if (os.contains("win") && !appData.isBlank()) {
      return Path.of(appData, "wanlet");
    }
    return os.contains("mac")
        ? Path.of(home, "Library/Application Support/wanlet")
        : Path.of(home, ".config/wanlet");
  }
}
