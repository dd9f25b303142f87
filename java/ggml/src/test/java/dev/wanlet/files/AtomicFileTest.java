// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Outputs are written whole, where they were asked for, and over nothing but files. */
class AtomicFileTest {
  @TempDir private Path folder;

  private static void write(Path target, String text) throws IOException {
    try (AtomicFile file = new AtomicFile(target)) {
      file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), 0);
      file.commit();
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void aFileAppearsWholeOrNotAtAll() throws IOException {
    Path target = folder.resolve("a.gguf");
    try (AtomicFile file = new AtomicFile(target)) {
      file.write(ByteBuffer.wrap(new byte[] {1, 2}), 0);
      assertThat(target).doesNotExist();
    }
    assertThat(names()).isEmpty();
    write(target, "new");
    assertThat(target).hasContent("new");
    assertThat(names()).containsExactly("a.gguf");
  }

  @Test
  void aReplacedFileLeavesItsModeToTheNewOne() throws IOException {
    Path target = Files.writeString(folder.resolve("a.gguf"), "old");
    assumeTrue(Files.getFileStore(folder).supportsFileAttributeView("posix"));
    for (String mode : List.of("rw-------", "rw-rw-r--", "rwxr-x--x")) {
      Files.setPosixFilePermissions(target, PosixFilePermissions.fromString(mode));
      write(target, mode);
      assertThat(target).hasContent(mode);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
          .isEqualTo(mode);
    }
  }

  @Test
  void aLinkStaysAndTheFileBehindItIsWritten() throws IOException {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path real = Files.writeString(elsewhere.resolve("real.gguf"), "old");
    Path link =
        Files.createSymbolicLink(folder.resolve("link.gguf"), Path.of("elsewhere/real.gguf"));
    Path second = Files.createSymbolicLink(folder.resolve("second.gguf"), link);
    write(second, "new");
    assertThat(second).isSymbolicLink();
    assertThat(link).isSymbolicLink();
    assertThat(real).hasContent("new");
    Path dangling = Files.createSymbolicLink(folder.resolve("new"), elsewhere.resolve("b.gguf"));
    write(dangling, "made");
    assertThat(elsewhere.resolve("b.gguf")).hasContent("made");
    Path circle = Files.createSymbolicLink(folder.resolve("circle"), folder.resolve("circle"));
    assertThatThrownBy(() -> new AtomicFile(circle))
        .isInstanceOf(WriteException.class)
        .hasMessageContaining("circle");
  }

  @Test
  void whatIsNoFileIsNotReplaced() throws IOException, InterruptedException {
    assertThatThrownBy(() -> new AtomicFile(folder))
        .isInstanceOf(WriteException.class)
        .hasMessageContaining("is a folder");
    assertThatThrownBy(() -> new AtomicFile(folder.resolve("none/a.gguf")))
        .isInstanceOf(WriteException.class)
        .hasMessageContaining("does not exist");
    Path socket = folder.resolve("socket");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      assertThatThrownBy(() -> new AtomicFile(socket))
          .isInstanceOf(WriteException.class)
          .hasMessageContaining("device, pipe or socket");
    }
    Path nothing = Path.of("/dev/null");
    assumeTrue(Files.exists(nothing), "a device");
    Path link = Files.createSymbolicLink(folder.resolve("link"), nothing);
    for (Path device : List.of(nothing, link)) {
      assertThatThrownBy(() -> OutputFile.requireWritable(device))
          .isInstanceOf(WriteException.class)
          .hasMessageContaining("device, pipe or socket");
    }
    assertThat(Files.isRegularFile(nothing)).isFalse();
  }

  @Test
  void namesAreAsLongAsTheFileSystemTakes() throws IOException {
    Path longest = folder.resolve("a".repeat(250) + ".gguf");
    write(longest, "whole");
    assertThat(longest).hasContent("whole");
    assertThat(names()).containsExactly(longest.getFileName().toString());
    Path longer = folder.resolve("a".repeat(251) + ".gguf");
    assertThatThrownBy(() -> OutputFile.requireWritable(longer))
        .isInstanceOf(WriteException.class)
        .hasMessageContaining("too long");
  }

  @Test
  void anInterruptSpoilsNothingAndStays() throws IOException {
    Path target = folder.resolve("a");
    Thread.currentThread().interrupt();
    try {
      Uninterrupted.call(
          () -> {
            write(target, "whole");
            return null;
          });
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(target).hasContent("whole");
    assertThat(names()).containsExactly("a");
  }

  @Test
  void aFullDiskIsToldInUnitsPeopleRead() {
    assertThat(DiskSpace.text(12)).isEqualTo("12 bytes");
    assertThat(DiskSpace.text(3 << 19)).isEqualTo("1.5 MiB");
    assertThatThrownBy(() -> DiskSpace.require(folder.resolve("a"), 1L << 60))
        .isInstanceOf(WriteException.class)
        .hasMessageContaining("needs 1048576.0 TiB of disk space")
        .hasMessageMatching(
            "(?s).*, [0-9.]+ [KMGT]iB are free; free some or write to another disk");
    Path full = Path.of("/dev/full");
    assertThat(WriteException.of(full, new IOException("No space left on device"), 5 << 20))
        .hasMessageContaining("needs 5.0 MiB");
  }
}
