// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml.internal;

import dev.wanlet.base.Printable;
import dev.wanlet.base.UserCache;
import dev.wanlet.files.WorkFolder;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Finds and loads the native library and ggml's backends beside it. Thread-safe; loads once.
 *
 * <p>Tried in this order: (1) the directory in the system property {@value #PATH_PROPERTY}: used,
 * or an error; (2) the class path resource {@code META-INF/native/<os>-<arch>/}: used in place when
 * it is a directory, else extracted once to the user's cache; (3) {@code java.library.path}. If all
 * fail, one {@link UnsatisfiedLinkError} lists each attempt.
 */
public final class NativeLibrary {
  /** Names the directory that holds the native library and the backends. */
  public static final String PATH_PROPERTY = "dev.wanlet.native.path";

  private static final String NAME = "wanlet_jni";
  private static final String EXTRACTED = "library";

  private static Path directory;
  private static boolean loading;

  private NativeLibrary() {}

  /** Loads the library if it is not loaded yet. */
  public static synchronized void load() {
    // The first native call below runs the initialiser of GgmlJni, which calls this method again.
    if (directory != null || loading) {
      return;
    }
    loading = true;
    try {
      loadOnce();
    } finally {
      loading = false;
    }
  }

  private static void loadOnce() {
    Path found = find();
    GgmlJni.installLogBridge(NativeLog.class);
    loadBackends(found);
    directory = found;
    System.getLogger("dev.wanlet.ggml")
        .log(System.Logger.Level.DEBUG, "native libraries from " + Printable.text(found));
  }

  private static void loadBackends(Path folder) {
    try {
      Optional<BackendFiles> files = BackendFiles.in(folder);
      Map<Path, String> foreign = files.isEmpty() ? Map.of() : files.get().foreign(false);
      if (foreign.isEmpty()) {
        GgmlJni.loadBackends(utf8(folder));
      } else {
        foreign.forEach(NativeLibrary::warn);
        loadBackendsBut(foreign.keySet(), folder);
      }
    } catch (IOException e) {
      throw (Error) new UnsatisfiedLinkError("cannot load backends: " + e).initCause(e);
    }
  }

  private static void warn(Path file, String reason) {
    System.getLogger("dev.wanlet.ggml")
        .log(
            System.Logger.Level.WARNING,
            file + " is not used: " + reason + "; it is damaged or of another ggml, build again");
  }

  // ggml takes what lies in a folder: this one gets links to everything but the foreign files.
  private static void loadBackendsBut(Set<Path> foreign, Path folder) throws IOException {
    Path links = Files.createTempDirectory("wanlet-backends");
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> !foreign.contains(f)).toList()) {
        Files.createSymbolicLink(links.resolve(file.getFileName()), file);
      }
      GgmlJni.loadBackends(utf8(links));
    } catch (UnsupportedOperationException | FileSystemException e) {
      throw new IOException("links cannot be made here; delete " + foreign, e);
    } finally {
      try (Stream<Path> made = Files.list(links)) {
        for (Path link : made.toList()) {
          Files.delete(link);
        }
      }
      Files.delete(links);
    }
  }

  private static byte[] utf8(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Backends of graphics cards in {@link #directory()} that are not those of the build, each with
   * the reason. Reads all of them.
   *
   * @throws IOException if they cannot be read
   */
  public static Map<Path, String> foreignBackends() throws IOException {
    Optional<BackendFiles> files = BackendFiles.in(directory());
    return files.isEmpty() ? Map.of() : files.get().foreign(true);
  }

  /** The directory the library came from. */
  public static synchronized Path directory() {
    load();
    return directory;
  }

  /**
   * Whether every library in {@link #directory()} that the build lists is the one it made; a CPU
   * backend may have been put in another one's place.
   */
  public static boolean isOwnBuild() {
    try {
      Optional<BackendFiles> files = BackendFiles.in(directory());
      return files.isPresent() && files.get().areOwn();
    } catch (IOException e) {
      return false;
    }
  }

  private static Path find() {
    String explicit = System.getProperty(PATH_PROPERTY);
    if (explicit != null && !explicit.isBlank()) {
      Path dir = Path.of(explicit).toAbsolutePath();
      System.load(dir.resolve(System.mapLibraryName(NAME)).toString());
      return dir;
    }
    List<String> attempts = new ArrayList<>();
    String resource = "META-INF/native/" + platform() + "/";
    try {
      Path dir = fromResource(resource);
      if (dir != null) {
        System.load(dir.resolve(System.mapLibraryName(NAME)).toString());
        return dir;
      }
      attempts.add("class path resource " + resource + ": not there");
    } catch (IOException | UnsatisfiedLinkError e) {
      attempts.add("class path resource " + resource + ": " + e.getMessage());
    }
    for (String entry :
        System.getProperty("java.library.path", "").split(java.io.File.pathSeparator)) {
      Path file = Path.of(entry).toAbsolutePath().resolve(System.mapLibraryName(NAME));
      if (!entry.isBlank() && Files.isRegularFile(file)) {
        System.load(file.toString());
        return file.getParent();
      }
    }
    attempts.add("java.library.path: no " + System.mapLibraryName(NAME));
    throw new UnsatisfiedLinkError(
        "cannot load the native library of Wanlet: "
            + String.join("; ", attempts)
            + ". Build it again, or point -D"
            + PATH_PROPERTY
            + " at the directory that holds it.");
  }

  /** {@code linux-x86_64}, {@code macosx-arm64}, {@code windows-x86_64}, ... */
  public static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    String osName = os.contains("win") ? "windows" : os.contains("mac") ? "macosx" : "linux";
    String archName = arch.equals("aarch64") ? "arm64" : arch.equals("amd64") ? "x86_64" : arch;
    return osName + "-" + archName;
  }

  private static Path fromResource(String resource) throws IOException {
    ClassLoader loader = NativeLibrary.class.getClassLoader();
    URL list = loader.getResource(resource + BackendFiles.LIST);
    if (list == null) {
      return null;
    }
    if (list.getProtocol().equals("file")) {
      try {
        return Path.of(list.toURI()).getParent();
      } catch (URISyntaxException e) {
        throw new IOException("bad resource address " + list, e);
      }
    }
    Properties properties = new Properties();
    try (InputStream in = list.openStream()) {
      properties.load(in);
    }
    String buildId = properties.getProperty("build.id", "unknown");
    Path target = UserCache.folder("native").resolve(buildId.replaceAll("[^A-Za-z0-9._-]", "_"));
    if (Files.isRegularFile(target.resolve(BackendFiles.LIST))) {
      return target;
    }
    extract(loader, resource, properties, target);
    return target;
  }

  // Another process may extract at the same time, so files are moved in whole and the list comes
  // last.
  private static void extract(ClassLoader loader, String resource, Properties list, Path target)
      throws IOException {
    Files.createDirectories(target);
    for (String name : list.getProperty("files", "").split(",")) {
      copy(loader, resource + name.trim(), target.resolve(name.trim()));
    }
    copy(loader, resource + BackendFiles.LIST, target.resolve(BackendFiles.LIST));
  }

  private static void copy(ClassLoader loader, String from, Path to) throws IOException {
    try (WorkFolder work = WorkFolder.beside(to);
        InputStream in = loader.getResourceAsStream(from)) {
      if (in == null) {
        throw new IOException("resource " + from + " is missing");
      }
      Files.copy(in, work.file(EXTRACTED));
      work.moveTo(EXTRACTED, to);
    }
  }
}
