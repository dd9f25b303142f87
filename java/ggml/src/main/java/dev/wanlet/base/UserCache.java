// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.base;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Properties;
import java.util.function.UnaryOperator;

/**
 * Where Wanlet keeps what can be made again: built and unpacked libraries, the demo model, measured
 * rates. The launcher ({@code launcher/cache.sh}) and CMake ({@code native/cmake/UserCache.cmake})
 * follow the same rule:
 *
 * <ol>
 *   <li>{@code $WANLET_CACHE};
 *   <li>{@code $XDG_CACHE_HOME/wanlet}, if that is an absolute path, as its specification asks;
 *   <li>{@code %LOCALAPPDATA%\wanlet} on Windows, {@code ~/Library/Caches/wanlet} on macOS, {@code
 *       ~/.cache/wanlet} elsewhere. {@code ~} is {@code $HOME}, or where that is empty the folder
 *       that the system knows for the user.
 * </ol>
 *
 * Stateless, thread-safe.
 */
public final class UserCache {
  private UserCache() {}

  /**
   * A folder inside the cache; it is not created here.
   *
   * @throws UncheckedIOException if the user has no home and names no cache; the message says what
   *     to set
   */
  public static Path folder(String name) {
    return root(System::getenv, System.getProperties()).resolve(name);
  }

  /** The cache as variables of the environment and properties of the system have it. */
  static Path root(UnaryOperator<String> environment, Properties system) {
    Path own = path(environment.apply("WANLET_CACHE"));
    if (own != null) {
      return own.toAbsolutePath();
    }
    Path xdg = path(environment.apply("XDG_CACHE_HOME"));
    if (xdg != null && xdg.isAbsolute()) {
      return xdg.resolve("wanlet");
    }
    String os = system.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    Path local = path(environment.apply("LOCALAPPDATA"));
    if (os.contains("win") && local != null) {
      return local.resolve("wanlet");
    }
    Path home = path(environment.apply("HOME"));
    if (home == null) {
      home = path(system.getProperty("user.home"));
    }
    // Java's own word for a user whom the system does not know is "?".
    if (home == null || !home.isAbsolute()) {
      throw new UncheckedIOException(
          new IOException(
              "this user has no home folder to keep a cache in; set WANLET_CACHE to a writable"
                  + " folder"));
    }
    return home.resolve(os.contains("mac") ? "Library/Caches/wanlet" : ".cache/wanlet");
  }

  private static Path path(String text) {
    return text == null || text.isBlank() ? null : Path.of(text);
  }
}
