// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import dev.wanlet.ggml.internal.GgmlJni;
import dev.wanlet.ggml.internal.NativeHandle;
import dev.wanlet.ggml.internal.NativeLibrary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Facts about the native library and its place on this machine. Thread-safe. */
public final class Ggml {
  private Ggml() {}

  /** ggml's version number. */
  public static String version() {
    return Device.text(GgmlJni.ggmlVersion());
  }

  /** The git tree hash of the ggml sources that were built. */
  public static String treeHash() {
    return Device.text(GgmlJni.ggmlTree());
  }

  /** What the native library was built from. */
  public static String buildId() {
    return Device.text(GgmlJni.buildId());
  }

  /** Where the native library was loaded from. */
  public static Path libraryDirectory() {
    return NativeLibrary.directory();
  }

  /**
   * Backends of graphics cards beside the native library that are not those of its build, each with
   * the reason: damaged, or of another ggml. Those that differ in size were not loaded. Reads all
   * of them, which takes a moment.
   *
   * @throws IOException if they cannot be read
   */
  public static Map<Path, String> foreignBackends() throws IOException {
    return NativeLibrary.foreignBackends();
  }

  /**
   * What keeps a backend's library from being used, in ggml's words and those of the system's
   * loader; empty if nothing does, which does not say that it finds a device. Loads the library:
   * not for one of {@link #foreignBackends()}.
   */
  public static Optional<String> backendProblem(Path library) {
    NativeLibrary.load();
    byte[] problem =
        GgmlJni.backendProblem(
            library.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8));
    return Optional.ofNullable(problem).map(Device::text).map(String::strip);
  }

  /** Native objects alive now; a program that closed everything is back at 0. */
  public static int liveObjects() {
    return NativeHandle.liveCount();
  }

  /**
   * Sets an environment variable of this process, which backends read when they are opened first.
   */
  public static void setEnvironment(String name, String value) {
    GgmlJni.setEnvironment(
        name.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8));
  }
}
