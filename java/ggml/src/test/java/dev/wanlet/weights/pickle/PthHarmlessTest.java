// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;

/** What training programs leave in a checkpoint beside the weights, and how they arrange it. */
class PthHarmlessTest {
  private static final byte[] SIX = PthBytes.floats(1, 2, 3, 4, 5, 6);

  @Test
  void passesOverObjectsOfOtherClasses() throws Exception {
    List<Consumer<PthBytes>> extras =
        List.of(
            // argparse.Namespace(lr=0.1): made empty, its attributes set
            p ->
                p.global("argparse", "Namespace")
                    .op(")\u0081}")
                    .text("lr")
                    .op("G?\u00b9\u0099\u0099\u0099\u0099\u0099\u009asb"),
            // numpy.float64(…): a call with a dtype and bytes
            p ->
                p.global("numpy.core.multiarray", "scalar")
                    .global("numpy", "dtype")
                    .text("f8")
                    .op("\u0089\u0088\u0087R(K\u0003")
                    .text("<")
                    .op("NNNJ\u00ff\u00ff\u00ff\u00ffJ\u00ff\u00ff\u00ff\u00ffK\u0000tb")
                    .op("C\u00080000\u0000\u0000\u0000@\u0086R"),
            p -> p.global("pathlib", "PosixPath").text("a").text("b").op("\u0086R"),
            p -> p.global("torch", "device").text("cuda").op("\u0085R"),
            p -> p.global("__main__", "Config").op(")}\u0092}").text("a").integer(1).op("sb"),
            // a set, a frozen set, a date of ten bytes, an integer of ten bytes
            p -> p.op("\u008f(K\u0001K\u0002\u0090"),
            p -> p.op("(K\u0001K\u0002\u0091"),
            p -> p.global("datetime", "datetime").op("C\n0123456789\u0085R"),
            p -> p.op("\u008a\n0123456789"));
    for (Consumer<PthBytes> extra : extras) {
      PthBytes pth = PthBytes.stateDict().text("extra");
      extra.accept(pth);
      pth.tensor("w", "FloatStorage", SIX, 4, 6);
      try (PthFile file = open(pth.op("u.").bytes())) {
        assertThat(file.tensors()).extracting(WeightTensor::name).containsExactly("w");
        assertThat(file.passedOver()).isEmpty();
      }
    }
  }

  @Test
  void findsTensorsHoweverDeepTheyAre() throws Exception {
    PthBytes pth = PthBytes.empty().proto(2).op("}(").text("epoch").integer(3).text("a");
    pth.global("collections", "defaultdict").global("builtins", "list").op("\u0085R(").text("b");
    pth.op("}(").tensor("w", "FloatStorage", SIX, 4, 6).op("uuu.");
    try (PthFile file = open(pth.bytes())) {
      assertThat(file.tensors()).extracting(WeightTensor::name).containsExactly("w");
    }
  }

  /** Beside the state of an optimizer, names say which dictionary they are from. */
  @Test
  void keepsTheNamesOfSeveralDictionariesApart() throws Exception {
    PthBytes pth = PthBytes.empty().proto(2).op("}(").text("model").op("}(");
    pth.tensor("w", "FloatStorage", SIX, 4, 6).op("u").text("optimizer").op("}(").text("state");
    pth.op("}(").integer(0).op("}(").tensor("exp_avg", "FloatStorage", SIX, 4, 6).op("uuuu.");
    try (PthFile file = open(pth.bytes())) {
      assertThat(file.tensors())
          .extracting(WeightTensor::name)
          .containsExactly("model.w", "optimizer.state.0.exp_avg");
    }
  }

  /** {@code torch.save(model)}: an object whose attributes hold dictionaries of modules. */
  @Test
  void readsAModuleThatWasPickledWhole() throws Exception {
    PthBytes pth =
        PthBytes.empty().proto(2).global("wan.modules.model", "WanModel").op(")\u0081}(");
    pth.text("_modules").op("}(").text("head").global("torch.nn", "Linear").op(")\u0081}(");
    pth.text("_parameters").op("}(").tensor("weight", "FloatStorage", SIX, 4, 2, 3).op("uubuub.");
    try (PthFile file = open(pth.bytes())) {
      assertThat(file.tensors()).hasSize(1);
      assertThat(file.tensors().iterator().next().toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
    }
  }

  @Test
  void namesTensorsOfTypesThatNobodyReads() throws Exception {
    PthBytes pth =
        PthBytes.stateDict()
            .tensor("freqs", "ComplexFloatStorage", new byte[16], 8, 2)
            .tensor("w", "FloatStorage", SIX, 4, 6);
    pth.text("sparse").global("torch._utils", "_rebuild_sparse_tensor").op("N\u0085R");
    try (PthFile file = open(pth.op("u.").bytes())) {
      assertThat(file.tensors()).extracting(WeightTensor::name).containsExactly("w");
      assertThat(file.passedOver()).containsOnlyKeys("freqs", "sparse");
      assertThatThrownBy(() -> file.require("freqs")).hasMessageContaining("ComplexFloatStorage");
    }
  }

  @Test
  void readsTransposedViews() throws Exception {
    byte[] bytes =
        PthBytes.stateDict()
            .tensor("t", "FloatStorage", SIX, 6, 0, new long[] {3, 2}, new long[] {1, 3})
            .tensor("step", "HalfStorage", new byte[12], 6, 1, new long[] {2}, new long[] {2})
            .end()
            .bytes();
    try (PthFile file = open(bytes)) {
      WeightTensor t = file.require("t");
      assertThat(t.shape()).isEqualTo(Shape.of(3, 2));
      assertThat(t.toFloats()).containsExactly(1, 4, 2, 5, 3, 6);
      assertThat(file.require("step").toFloats()).containsExactly(0, 0);
    }
  }

  @Test
  void readsDeflatedArchives() throws Exception {
    byte[] bytes = PthBytes.stateDict().tensor("w", "FloatStorage", SIX, 4, 6).end().deflated();
    try (PthFile file = open(bytes)) {
      assertThat(file.require("w").toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
    }
    for (int i = 0; i < bytes.length; i++) {
      byte[] damaged = bytes.clone();
      damaged[i] ^= 0x55;
      PthFileTest.fuzzOpen(damaged);
    }
  }

  @Test
  void refusesArchivesThatGrowBeyondMeasure() {
    byte[] zeros = new byte[80 << 20];
    PthBytes bomb =
        PthBytes.stateDict().tensor("w", "FloatStorage", zeros, 4, zeros.length / 4).end();
    byte[] bytes = bomb.deflated();
    assertThat(bytes.length).isLessThan(1 << 20);
    assertThatThrownBy(() -> open(bytes))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("16 times");
  }

  @Test
  void readsTheFormatBeforeVersion16() throws Exception {
    byte[] bytes = legacy(6, SIX);
    try (PthFile file = PthFile.openLegacy(MappedFile.inMemory(Path.of("test.pth"), bytes))) {
      assertThat(file.require("w").toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
    }
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> PthFile.openLegacy(MappedFile.inMemory(Path.of("test.pth"), cut)))
          .isInstanceOf(WeightFormatException.class);
    }
    assertThatThrownBy(
            () -> PthFile.openLegacy(MappedFile.inMemory(Path.of("test.pth"), legacy(5, SIX))))
        .hasMessageContaining("incomplete");
  }

  static byte[] legacy(long countInFile, byte[] data) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PthBytes head = PthBytes.empty().proto(2).op("\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019.");
    head.proto(2).integer(1001).op(".").proto(2).op("}").text("little_endian").u8(0x88).op("s.");
    head.proto(2).op("}").text("w").global("torch._utils", "_rebuild_tensor_v2").op("((");
    head.text("storage").global("torch", "FloatStorage").text("7").text("cpu").integer(6);
    head.op("NtQ").integer(0).tuple(6).tuple(1).u8(0x89).op("}tRs.");
    head.proto(2).op("](").text("7").op("e.");
    out.writeBytes(head.pickle());
    out.writeBytes(
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(countInFile).array());
    out.writeBytes(data);
    return out.toByteArray();
  }

  static byte[] deflate(byte[] data) {
    Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    deflater.setInput(data);
    deflater.finish();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] part = new byte[4096];
    while (!deflater.finished()) {
      out.write(part, 0, deflater.deflate(part));
    }
    deflater.end();
    return out.toByteArray();
  }

  private static PthFile open(byte[] bytes) throws WeightFormatException {
    return PthFile.open(MappedFile.inMemory(Path.of("test.pth"), bytes));
  }
}
