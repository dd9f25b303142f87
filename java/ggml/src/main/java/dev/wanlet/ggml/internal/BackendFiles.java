// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The native libraries in a folder, held against the list that the build left beside them. Another
 * ggml's backend numbers its operations in another way, and half a file ends the process when it is
 * loaded. Immutable.
 */
final class BackendFiles {
  static final String LIST = "libraries.properties";

  /** Backends of graphics cards; of CPU backends {@code BarrierCheck} decides which may run. */
  private static final Pattern CARD =
      Pattern.compile("(lib)?ggml-(?!base\\b|cpu\\b).+\\.(so|dll|dylib)");

  private final Path folder;
  private final Properties list;

  private BackendFiles(Path folder, Properties list) {
    this.folder = folder;
    this.list = list;
  }

  /** The libraries of a folder; empty if no build left a list there. */
  static Optional<BackendFiles> in(Path folder) throws IOException {
    Path file = folder.resolve(LIST);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    Properties list = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      list.load(in);
    }
    return Optional.of(new BackendFiles(folder, list));
  }

  /**
   * Backends of graphics cards that are not those of the build, each with the reason.
   *
   * @param byContent whether they are read whole; else their sizes have to do, which costs nothing
   *     and tells half a file and nearly every other build
   */
  Map<Path, String> foreign(boolean byContent) throws IOException {
    Map<Path, String> foreign = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file :
          files.filter(f -> CARD.matcher(f.getFileName().toString()).matches()).toList()) {
        difference(file, byContent).ifPresent(reason -> foreign.put(file, reason));
      }
    }
    return foreign;
  }

  /** Whether every listed library is the one that the build made. */
  boolean areOwn() throws IOException {
    for (String name : list.getProperty("files", "").split(",")) {
      if (difference(folder.resolve(name), true).isPresent()) {
        return false;
      }
    }
    return true;
  }

  private Optional<String> difference(Path file, boolean byContent) throws IOException {
    String name = file.getFileName().toString();
    String hash = list.getProperty("sha256." + name);
    if (hash == null) {
      return Optional.of("it is not among the libraries of this build");
    }
    String size = list.getProperty("size." + name);
    long found = Files.size(file);
    if (size != null && found != Long.parseLong(size)) {
      return Optional.of("it takes " + found + " bytes where the build's takes " + size);
    }
    if (byContent && !hash.equals(sha256(file))) {
      return Optional.of("its SHA-256 is not that of the build's, " + hash);
    }
    return Optional.empty();
  }

  private static String sha256(Path file) throws IOException {
    try (DigestInputStream in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      in.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }
}
