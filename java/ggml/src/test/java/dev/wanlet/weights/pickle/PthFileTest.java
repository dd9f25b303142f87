// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.WeightFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PthFileTest {
  private static final byte[] SIX = PthBytes.floats(1, 2, 3, 4, 5, 6);

  @TempDir Path directory;

  @Test
  void readsTensorsOfSeveralTypes() throws Exception {
    byte[] bytes =
        PthBytes.stateDict()
            .tensor("blocks.0.weight", "FloatStorage", SIX, 4, 2, 3)
            .tensor("half", "HalfStorage", new byte[] {0, 0x3c, 0, (byte) 0xc0}, 2, 2)
            .tensor("steps", "LongStorage", new byte[] {7, 0, 0, 0, 0, 0, 0, 0}, 8)
            .end()
            .bytes();
    try (PthFile file = open(bytes)) {
      assertThat(file.tensors())
          .extracting(WeightTensor::name)
          .containsExactly("blocks.0.weight", "half", "steps");
      assertThat(file.require("blocks.0.weight").shape()).isEqualTo(Shape.of(2, 3));
      assertThat(file.require("blocks.0.weight").toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(file.require("half").toFloats()).containsExactly(1, -2);
      assertThat(file.require("steps").toLongs()).containsExactly(7);
      assertThat(file.require("steps").shape().rank()).isZero();
    }
  }

  @Test
  void opensMappedFilesByContent() throws Exception {
    Path path = directory.resolve("model.bin");
    Files.write(path, PthBytes.stateDict().tensor("w", "FloatStorage", SIX, 4, 6).end().bytes());
    try (WeightSource source = WeightFiles.open(path)) {
      WeightTensor w = source.require("w");
      assertThat(source).isInstanceOf(PthFile.class);
      assertThat(w.toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(w.offset() % 64).isZero();
    }
  }

  @Test
  void readsZip64AndPartsOfSharedStorages() throws Exception {
    byte[] bytes =
        PthBytes.stateDict()
            .tensor("part", "FloatStorage", SIX, 6, 2, new long[] {1, 3}, new long[] {99, 1})
            .end()
            .withZip64()
            .bytes();
    try (PthFile file = open(bytes)) {
      assertThat(file.require("part").toFloats()).containsExactly(3, 4, 5);
    }
  }

  @Test
  void readsUntypedStoragesWithATypeOfTheirOwn() throws Exception {
    PthBytes pth = PthBytes.stateDict().text("w");
    pth.global("torch._utils", "_rebuild_tensor_v3").op("((").text("storage");
    pth.global("torch.storage", "UntypedStorage").text("0").text("cpu").integer(4).op("tQ");
    pth.entry("archive/data/0", new byte[] {0x38, 0x40, (byte) 0xb8, 0}, 0);
    pth.integer(1).tuple(2).tuple(1).u8(0x89).op("}").global("torch", "float8_e4m3fn").op("tR");
    try (PthFile file = open(pth.end().bytes())) {
      assertThat(file.require("w").type()).isEqualTo(StoredType.F8_E4M3);
      assertThat(file.require("w").toFloats()).containsExactly(2, -1);
    }
  }

  @Test
  void findsTheStateDictionaryInsideATrainingCheckpoint() throws Exception {
    PthBytes pth = PthBytes.empty().proto(2).op("}(").text("epoch").integer(3).text("model");
    pth.global("collections", "OrderedDict").op(")R(");
    pth.tensor("w", "FloatStorage", SIX, 4, 6).op("uu.");
    try (PthFile file = open(pth.bytes())) {
      assertThat(file.tensors()).extracting(WeightTensor::name).containsExactly("w");
    }
  }

  @Test
  void refusesToImportAnythingByName() {
    assertRefused(
        PthBytes.empty().proto(2).global("os", "system").text("echo pwned").op("\u0085R."),
        "'os.system'");
    assertRefused(
        PthBytes.empty()
            .proto(4)
            .text("posix")
            .text("system")
            .op("\u0093")
            .text("x")
            .op("\u0085R."),
        "'posix.system'");
    assertRefused(
        PthBytes.empty().proto(2).global("builtins", "eval").text("1").op("\u0085R."),
        "'builtins.eval'");
    assertRefused(
        PthBytes.empty().proto(2).global("torch.storage", "_load_from_bytes").op("."),
        "'torch.storage._load_from_bytes'");
    // Opcodes that make objects of classes in other ways.
    assertRefused(PthBytes.empty().proto(2).op("(ios\nsystem\n."), "opcode 0x69");
    assertRefused(PthBytes.empty().proto(2).op("\u0082\u0001."), "opcode 0x82");
  }

  @Test
  void refusesValuesThatAreNotWhatTheyClaim() {
    assertRefused(PthBytes.empty().proto(9), "protocol 9");
    assertRefused(PthBytes.empty().proto(2).op("."), "empty stack");
    assertRefused(PthBytes.empty().proto(2).op("N."), "dictionary of tensors");
    assertRefused(PthBytes.empty().proto(2).op("}."), "no tensors");
    assertRefused(PthBytes.empty().proto(2).op("}NK"), "ends in the middle");
    assertRefused(PthBytes.empty().proto(2).op("cos"), "a line does not end");
    assertRefused(PthBytes.empty().proto(2).op("h").u8(3), "value 3");
    assertRefused(PthBytes.empty().proto(2).op("NNNs"), "not a dictionary");
    assertRefused(PthBytes.empty().proto(2).op("]N}b"), "not a dictionary");
    assertRefused(PthBytes.empty().proto(2).op("u"), "never opened");
    assertRefused(PthBytes.empty().proto(2).op("N(0"), "empty stack");
    assertRefused(
        PthBytes.empty().proto(2).op("B\u00ff\u00ff\u00ff\u00ff"), "longer than the rest");
    assertRefused(PthBytes.empty().proto(2).text("x").op(")R."), "not a function");
    assertRefused(PthBytes.empty().proto(2).text("x").op("Q."), "not a storage");
  }

  @Test
  void refusesTensorsThatDoNotFitTheirStorage() {
    long[] two = {2};
    assertRefused(one(6, 5, two, new long[] {1}), "does not fit");
    assertRefused(one(6, -1, two, new long[] {1}), "does not fit");
    assertRefused(one(6, Long.MAX_VALUE, two, new long[] {1}), "does not fit");
    assertRefused(one(7, 0, two, new long[] {1}), "should hold 7 elements");
    assertRefused(one(-1, 0, two, new long[] {1}), "should hold -1 elements");
    assertRefused(one(6, 0, new long[] {2, 3}, new long[] {3, 2}), "does not fit");
    assertRefused(one(6, 0, new long[] {7, 3}, new long[] {0, 1}), "does not fit");
    assertRefused(one(6, 0, new long[] {2, 3}, new long[] {-3, 1}), "impossible shape");
    assertRefused(one(6, 0, new long[] {1L << 62, 4}, new long[] {4, 1}), "impossible shape");
    assertRefused(one(6, 0, new long[] {-2}, new long[] {1}), "impossible shape");
    assertRefused(one(6, 0, two, new long[] {1, 1}), "2 strides");
    assertRefused(one(6, 0, new long[40], new long[40]), "40 dimensions");
  }

  @Test
  void refusesArchivesThatAreNotPlain() {
    byte[] good = PthBytes.stateDict().tensor("w", "FloatStorage", SIX, 4, 6).end().bytes();
    assertRefused(Arrays.copyOf(good, good.length - 1), "truncated");
    PthBytes compressed = PthBytes.stateDict().tensor("w", "FloatStorage", SIX, 4, 6).end();
    assertRefused(compressed.entry("archive/x", new byte[3], 12), "'archive/x'", "compressed");
    PthBytes twice = PthBytes.stateDict().tensor("w", "FloatStorage", SIX, 4, 6).end();
    assertRefused(twice.entry("archive/data/0", SIX, 0), "twice");
    PthBytes big = PthBytes.stateDict().tensor("w", "FloatStorage", SIX, 4, 6).end();
    assertRefused(big.entry("archive/byteorder", new byte[] {'b', 'i', 'g'}, 0), "'big'");
    PthBytes two = PthBytes.stateDict().tensor("w", "FloatStorage", SIX, 4, 6).end();
    assertRefused(two.entry("other/data.pkl", new byte[1], 0), "2 entries");
  }

  @Test
  void survivesEveryTruncationAndRandomDamage() {
    byte[] good =
        PthBytes.stateDict()
            .tensor("a", "FloatStorage", SIX, 4, 2, 3)
            .tensor("b", "BFloat16Storage", new byte[4], 2, 2)
            .end()
            .withZip64()
            .bytes();
    for (int length = 0; length < good.length; length++) {
      fuzzOpen(Arrays.copyOf(good, length));
    }
    damage(good, 20_000, PthFile::open);
    damage(PthHarmlessTest.legacy(6, SIX), 20_000, PthFile::openLegacy);
  }

  private static void damage(byte[] good, int times, Opening opening) {
    Random random = new Random(4);
    for (int i = 0; i < times; i++) {
      byte[] damaged = good.clone();
      for (int flips = random.nextInt(4); flips >= 0; flips--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      fuzzOpen(damaged, opening);
    }
  }

  static void fuzzOpen(byte[] bytes) {
    fuzzOpen(bytes, PthFile::open);
  }

  interface Opening {
    PthFile open(MappedFile file) throws WeightFormatException;
  }

  static void fuzzOpen(byte[] bytes, Opening opening) {
    assertThatCode(
            () -> {
              try (PthFile file = opening.open(MappedFile.inMemory(Path.of("test.pth"), bytes))) {
                for (WeightTensor tensor : file.tensors()) {
                  assertThat(tensor.buffer().remaining()).isEqualTo((int) tensor.byteLength());
                }
              } catch (WeightFormatException refused) {
                assertThat(refused).hasMessageStartingWith("test.pth: ");
              }
            })
        .doesNotThrowAnyException();
  }

  private static PthBytes one(long count, long offset, long[] shape, long[] strides) {
    return PthBytes.stateDict()
        .tensor("w", "FloatStorage", SIX, count, offset, shape, strides)
        .end();
  }

  private static PthFile open(byte[] bytes) throws WeightFormatException {
    return PthFile.open(MappedFile.inMemory(Path.of("test.pth"), bytes));
  }

  private static void assertRefused(PthBytes pth, String... parts) {
    assertRefused(pth.bytes(), parts);
  }

  private static void assertRefused(byte[] bytes, String... parts) {
    assertThatExceptionOfType(WeightFormatException.class)
        .isThrownBy(() -> open(bytes))
        .withMessageStartingWith("test.pth: ")
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }
}
