// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.demo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * SHA-256 of files, as {@code sha256sum} writes them. Immutable, thread-safe.
 *
 * @param byFile lower-case hexadecimal, by relative path with forward slashes
 * @param fingerprint tells this list from any other; part of a folder's name
 */
record Checksums(Map<String, String> byFile, String fingerprint) {
  private static final int FINGERPRINT_LENGTH = 12;

  Checksums {
    byFile = Collections.unmodifiableMap(new LinkedHashMap<>(byFile));
  }

  static Checksums read(InputStream in) throws IOException {
    byte[] list = in.readAllBytes();
    Map<String, String> byFile = new LinkedHashMap<>();
    for (String line : new String(list, StandardCharsets.UTF_8).lines().toList()) {
      String[] parts = line.split(" [ *]", 2);
      if (parts.length != 2 || parts[0].length() != 64) {
        throw new IOException("not a line of a SHA-256 list: '" + line + "'");
      }
      byFile.put(parts[1], parts[0]);
    }
    String all = HexFormat.of().formatHex(sha256().digest(list));
    return new Checksums(byFile, all.substring(0, FINGERPRINT_LENGTH));
  }

  /** The first file in the folder that is missing or differs, or null. */
  String firstBad(Path directory) throws IOException {
    for (Map.Entry<String, String> entry : byFile.entrySet()) {
      Path file = directory.resolve(entry.getKey());
      if (!Files.isRegularFile(file) || !of(file).equals(entry.getValue())) {
        return entry.getKey();
      }
    }
    return null;
  }

  private static String of(Path file) throws IOException {
    MessageDigest digest = sha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      byte[] buffer = new byte[1 << 16];
      while (in.read(buffer) >= 0) {
        // the stream feeds the digest
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
