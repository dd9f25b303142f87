// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.internal.NativeHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedFileTest {
  private static final long GIB = 1L << 30;

  @TempDir Path dir;
  private int liveBefore;

  @BeforeEach
  void countHandles() {
    liveBefore = NativeHandle.liveCount();
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(NativeHandle.liveCount()).isEqualTo(liveBefore);
  }

  @Test
  void readsLittleEndianNumbers() throws Exception {
    // A name beyond ASCII goes through as UTF-8.
    Path path = dir.resolve("\u5149 \ud83c\udfa5.bin");
    ByteBuffer bytes = ByteBuffer.allocate(23).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put((byte) 0xfe).putShort((short) 0xfedc).putInt(0xfedcba98).putLong(-2).putFloat(1.5f);
    Files.write(path, bytes.array());
    try (MappedFile file = MappedFile.open(path)) {
      assertThat(file.length()).isEqualTo(23);
      assertThat(file.u8(0)).isEqualTo(0xfe);
      assertThat(file.u16(1)).isEqualTo(0xfedc);
      assertThat(file.u32(3)).isEqualTo(0xfedcba98L);
      assertThat(file.u64(7)).isEqualTo(-2);
      assertThat(file.f32(15)).isEqualTo(1.5f);
      assertThat(file.bytes(0, 3)).containsExactly(0xfe, 0xdc, 0xfe);
      assertThat(file.window(3, 4).getInt()).isEqualTo(0xfedcba98);
      assertThat(file.window(23, 0).remaining()).isZero();
      assertThatThrownBy(() -> file.window(0, 4).put(0, (byte) 1))
          .isInstanceOf(ReadOnlyBufferException.class);
      try (HostMemory copy = new HostMemory(4)) {
        file.read(3, 4, copy.address());
        assertThat(copy.view(0, 4).getInt()).isEqualTo(0xfedcba98);
      }
    }
  }

  @Test
  void refusesRangesOutsideTheFile() throws Exception {
    Path path = Files.write(dir.resolve("f"), new byte[10]);
    try (MappedFile file = MappedFile.open(path)) {
      long[][] ranges = {{10, 1}, {-1, 1}, {3, 8}, {0, 11}, {Long.MAX_VALUE, 8}, {8, -1}};
      for (long[] range : ranges) {
        assertThatThrownBy(() -> file.window(range[0], range[1]))
            .isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessageContaining("the file has 10");
        assertThatThrownBy(() -> file.read(range[0], range[1], 0))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
      assertThatThrownBy(() -> file.u64(3)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void isClosedOnceAndRefusesUseAfterwards() throws Exception {
    MappedFile file = MappedFile.open(Files.write(dir.resolve("f"), new byte[10]));
    assertThat(NativeHandle.liveCount()).isEqualTo(liveBefore + 1);
    file.close();
    file.close();
    assertThatThrownBy(() -> file.u8(0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is closed");
    assertThatThrownBy(() -> file.window(0, 1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> file.read(0, 1, 0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> file.advise(0, 1, MappedFile.Advice.WILL_NEED))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void readsBytesInMemoryAsThoseOfAFile() throws Exception {
    byte[] bytes = {1, 2, 3, 4, 5};
    HostMemory owned = new HostMemory(5);
    owned.view(0, 5).put(bytes);
    try (HostMemory copy = new HostMemory(3);
        MappedFile heap = MappedFile.inMemory(Path.of("heap"), bytes);
        MappedFile own = MappedFile.owning(Path.of("own"), owned)) {
      for (MappedFile file : List.of(heap, own)) {
        copy.view(0, 3).put(new byte[3]);
        file.read(1, 3, copy.address());
        assertThat(copy.view(0, 3)).isEqualTo(ByteBuffer.wrap(bytes, 1, 3));
      }
    }
  }

  /** Touching the mapping would end the process. */
  @Test
  void aFileThatIsCutOffOrWrittenToIsAnError() throws Exception {
    Path path = Files.write(dir.resolve("f"), new byte[100_000]);
    try (MappedFile file = MappedFile.open(path);
        HostMemory copy = new HostMemory(100_000)) {
      file.read(0, 100_000, copy.address());
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
        channel.truncate(10);
      }
      for (long offset : new long[] {0, 9, 50_000}) {
        assertThatThrownBy(() -> file.read(offset, 1, copy.address()))
            .isInstanceOf(WeightFormatException.class)
            .hasMessageContaining("had 100,000 bytes when it was opened and has 10 now");
      }
      Files.write(path, new byte[100_000]);
      Files.setLastModifiedTime(path, FileTime.fromMillis(1));
      assertThatThrownBy(() -> file.read(0, 1, copy.address()))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("somebody wrote to the file");
    }
  }

  @Test
  void aFileThatIsReplacedIsReadToItsEnd() throws Exception {
    Path path = Files.write(dir.resolve("f"), new byte[] {1, 2});
    try (MappedFile file = MappedFile.open(path);
        HostMemory copy = new HostMemory(2)) {
      Path other = Files.write(dir.resolve("other"), new byte[] {3});
      Files.move(other, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      file.read(0, 2, copy.address());
      assertThat(copy.view(0, 2)).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2}));
    }
  }

  @Test
  void saysWhyAFileCannotBeMapped() throws Exception {
    assertThatThrownBy(() -> MappedFile.open(dir.resolve("none")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> MappedFile.open(dir))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("not a regular file");
    assertThatThrownBy(() -> MappedFile.open(Files.createFile(dir.resolve("empty"))))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("empty");
  }

  /** A sparse file: 5 GiB long, a few blocks on disk. */
  @Test
  void readsAcrossGibibytesAndBeyondFour() throws Exception {
    Path path = dir.resolve("large");
    long length = 5 * GIB + 3;
    long[] marks = {0, GIB - 4, 2 * GIB - 4, 2 * GIB + 7, 4 * GIB - 3, length - 8};
    try (FileChannel channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      for (long mark : marks) {
        ByteBuffer value = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        channel.write(value.putLong(0, ~mark), mark);
      }
    }
    try (MappedFile file = MappedFile.open(path)) {
      assertThat(file.length()).isEqualTo(length);
      for (long mark : marks) {
        assertThat(file.u64(mark)).isEqualTo(~mark);
      }
      ByteBuffer wide = file.window(GIB - 4, Integer.MAX_VALUE);
      assertThat(wide.getLong(0)).isEqualTo(~(GIB - 4));
      assertThat(wide.getLong((int) GIB)).isEqualTo(~(2 * GIB - 4));
      assertThatThrownBy(() -> file.window(0, 2 * GIB))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("at most 2 GiB");
      for (MappedFile.Advice advice : MappedFile.Advice.values()) {
        file.advise(1, length - 2, advice);
        file.advise(5, 1, advice);
      }
      assertThat(file.u64(length - 8)).isEqualTo(~(length - 8));
    }
  }
}
