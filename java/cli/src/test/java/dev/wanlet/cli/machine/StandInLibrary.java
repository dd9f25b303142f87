// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Shared libraries of a few lines of C, in the place of those that need a card. */
final class StandInLibrary {
  /** A library that is none of ggml's. */
  static final String NO_BACKEND = "int nothing_of_ggml(void) { return 0; }";

  /** The backend of a ggml whose interface is version 1. */
  static final String OTHER_GGML =
      """
      static struct { int api_version; void *interface[8]; } backend = { 1, { 0 } };
      void *ggml_backend_init(void) { return &backend; }
      """;

  private StandInLibrary() {}

  /** Compiles a library, with options that come before its source. */
  static Path compile(Path library, String source, String... options) throws Exception {
    Path file = Files.writeString(library.resolveSibling(library.getFileName() + ".c"), source);
    List<String> command = new ArrayList<>(List.of("cc", "-shared", "-fPIC", "-o"));
    command.addAll(List.of(library.toString(), file.toString()));
    command.addAll(List.of(options));
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    Files.delete(file);
    return library;
  }

  /** Puts a library on the list that the build left in its folder. */
  static void record(Path library) throws Exception {
    record(library, Files.readAllBytes(library));
  }

  /** Puts a library on the list as one of other content. */
  static void record(Path library, byte[] content) throws Exception {
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
    String lines =
        "sha256.%1$s=%2$s\nsize.%1$s=%3$d\n"
            .formatted(library.getFileName(), HexFormat.of().formatHex(hash), content.length);
    append(library.resolveSibling("libraries.properties"), lines);
  }

  private static void append(Path file, String lines) throws IOException {
    Files.writeString(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}
