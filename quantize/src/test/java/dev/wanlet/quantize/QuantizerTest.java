// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.WeightFiles;
import dev.wanlet.weights.gguf.GgufFile;
import dev.wanlet.weights.recipe.Recipes;
import dev.wanlet.weights.recipe.TensorRule;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole runs on the demo model. */
class QuantizerTest {
  @TempDir Path directory;
  private Path transformer;
  private Path output;
  private int liveBefore;

  @BeforeEach
  void prepare() throws Exception {
    liveBefore = Ggml.liveObjects();
    transformer = DemoModel.directory().resolve("diffusion_pytorch_model.safetensors");
    output = directory.resolve("out.gguf");
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  static List<String> recipes() {
    return Recipes.names();
  }

  /** Stored bytes are those of ggml's own quantiser run on each whole tensor at once. */
  @ParameterizedTest
  @MethodSource("recipes")
  void writesWhatGgmlWrites(String recipe) throws Exception {
    QuantizeReport report = run(request(transformer, recipe));
    PlainGguf written = PlainGguf.read(output);
    assertThat(report.written()).isTrue();
    assertThat(report.fileBytes()).isEqualTo(Files.size(output));
    try (WeightSource source = WeightFiles.open(transformer);
        WeightSource reread = WeightFiles.open(output)) {
      assertThat(written.tensors).hasSameSizeAs(source.tensors());
      for (WeightTensor tensor : source.tensors()) {
        PlainGguf.Info info = written.tensors.get(tensor.name());
        TensorType type = TensorType.byId(info.type()).orElseThrow();
        assertThat(info.data()).as(tensor.name()).isEqualTo(quantizedAtOnce(tensor, type));
        assertThat(reread.require(tensor.name()).shape()).isEqualTo(tensor.shape());
      }
    }
  }

  @Test
  void followsTheConventionsOfOtherPrograms() throws Exception {
    run(request(transformer, "Q4_K_M"));
    PlainGguf gguf = PlainGguf.read(output);
    assertThat(gguf.values)
        .containsEntry("general.architecture", "wan")
        .containsEntry("general.file_type", 15)
        .containsEntry("general.quantization_version", 2);
    // The contiguous dimension comes first in the file.
    assertThat(gguf.tensors.get("patch_embedding.weight").ne()).containsExactly(2, 2, 1, 16 * 256);
    assertType(gguf, "patch_embedding.weight", TensorType.F32);
    assertType(gguf, "blocks.0.modulation", TensorType.F32);
    assertType(gguf, "head.modulation", TensorType.F32);
    assertType(gguf, "blocks.3.norm3.weight", TensorType.F32);
    assertType(gguf, "blocks.3.ffn.0.bias", TensorType.F32);
    assertType(gguf, "text_embedding.0.weight", TensorType.F16);
    assertType(gguf, "time_embedding.2.weight", TensorType.F16);
    assertType(gguf, "time_projection.1.weight", TensorType.F16);
    assertType(gguf, "head.head.weight", TensorType.F16);
    assertType(gguf, "blocks.0.self_attn.q.weight", TensorType.Q4_K);
    assertType(gguf, "blocks.0.self_attn.v.weight", TensorType.Q6_K);
    assertType(gguf, "blocks.5.cross_attn.v.weight", TensorType.Q6_K);
    assertType(gguf, "blocks.5.ffn.0.weight", TensorType.Q4_K);
    assertType(gguf, "blocks.5.ffn.2.weight", TensorType.Q6_K);
  }

  @Test
  void saysInTheFileWhereItCameFrom() throws Exception {
    QuantizeReport report = run(request(transformer, "Q5_K_S"));
    byte[] sum = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(transformer));
    try (GgufFile file = GgufFile.open(output)) {
      assertThat(file.strings("wanlet.source.sha256"))
          .hasValue(List.of(HexFormat.of().formatHex(sum)));
      assertThat(file.strings("wanlet.source.files"))
          .hasValue(List.of("diffusion_pytorch_model.safetensors"));
      assertThat(file.string("wanlet.recipe")).hasValue("Q5_K_S");
      float[] cosine = file.floats("wanlet.tensor.cosine").orElseThrow();
      assertThat(cosine).hasSize(report.tensors().size());
      for (int i = 0; i < cosine.length; i++) {
        assertThat(cosine[i]).isEqualTo((float) report.tensors().get(i).error().cosine());
        assertThat(cosine[i]).isBetween(0.99f, 1.0001f);
      }
    }
  }

  @Test
  void reportsErrorsThatCanBeCountedAgain() throws Exception {
    QuantizeReport report = run(request(transformer, "Q4_0"));
    TensorReport q =
        report.tensors().stream()
            .filter(t -> t.name().equals("blocks.2.self_attn.q.weight"))
            .findFirst()
            .orElseThrow();
    try (WeightSource source = WeightFiles.open(transformer);
        WeightSource written = WeightFiles.open(output)) {
      float[] a = source.require(q.name()).toFloats();
      float[] b = dequantized(written.require(q.name()));
      double squared = 0;
      double largest = 0;
      for (int i = 0; i < a.length; i++) {
        double error = (double) a[i] - b[i];
        squared += error * error;
        largest = Math.max(largest, Math.abs(error));
      }
      assertThat(q.error().elements()).isEqualTo(a.length);
      assertThat(q.error().rmse())
          .isCloseTo(Math.sqrt(squared / a.length), withinRelative(squared, 1e-5));
      assertThat(q.error().largest()).isCloseTo(largest, withinRelative(largest, 1e-6));
    }
  }

  @Test
  void sameBytesWhateverTheThreads() throws Exception {
    run(threads(request(transformer, "Q3_K_M"), 1));
    byte[] one = Files.readAllBytes(output);
    run(threads(request(transformer, "Q3_K_M"), 5));
    assertThat(Files.readAllBytes(output)).isEqualTo(one);
  }

  @Test
  void roundTripToSafetensorsKeepsTheStoredValues() throws Exception {
    run(request(transformer, "Q4_K_M"));
    Path plain = directory.resolve("plain.safetensors");
    QuantizeReport report = run(QuantizeRequest.of(output, plain, Recipes.parse("F32")));
    assertThat(report.totalError().squaredError()).isZero();
    try (WeightSource gguf = WeightFiles.open(output);
        SafetensorsFile safetensors = SafetensorsFile.open(plain)) {
      assertThat(safetensors.tensors()).hasSameSizeAs(gguf.tensors());
      for (WeightTensor tensor : gguf.tensors()) {
        WeightTensor back = safetensors.require(tensor.name());
        assertThat(back.shape()).isEqualTo(tensor.shape());
        assertThat(back.toFloats()).as(tensor.name()).isEqualTo(dequantized(tensor));
      }
    }
  }

  @Test
  void warnsWhenTheSourceIsQuantisedAlready() throws Exception {
    run(request(transformer, "Q8_0"));
    List<String> warnings = new ArrayList<>();
    Path second = directory.resolve("second.gguf");
    QuantizeListener listener =
        new QuantizeListener() {
          @Override
          public void warning(String message) {
            warnings.add(message);
          }
        };
    try (Quantizer q =
        Quantizer.open(QuantizeRequest.of(output, second, Recipes.parse("Q4_0")), listener)) {
      q.run();
    }
    assertThat(warnings).singleElement().asString().contains("60 tensors", "quantised already");
  }

  @Test
  void overridesComeFirstAndMustFit() throws Exception {
    QuantizeRequest request =
        with(request(transformer, "Q4_K_S"), "ffn\\.0\\.weight=Q8_0", "patch_embedding=BF16");
    run(request);
    PlainGguf gguf = PlainGguf.read(output);
    assertType(gguf, "blocks.1.ffn.0.weight", TensorType.Q8_0);
    assertType(gguf, "patch_embedding.weight", TensorType.BF16);
    assertType(gguf, "blocks.1.ffn.2.weight", TensorType.Q5_K);
    assertThatThrownBy(() -> run(with(request(transformer, "Q4_0"), "nosuch=Q8_0")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nosuch");
    assertThatThrownBy(() -> run(with(request(transformer, "Q4_0"), "patch_embed.*weight=Q4_K")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("patch_embedding.weight", "multiples of 256");
  }

  @Test
  void keepsConvolutionsAndNamesTextEncodersForOthers() throws Exception {
    Path vae = DemoModel.directory().resolve("Wan2.1_VAE.safetensors");
    run(request(vae, "Q4_K_M"));
    PlainGguf gguf = PlainGguf.read(output);
    assertType(gguf, "decoder.conv1.weight", TensorType.F16);
    assertThat(gguf.tensors.get("decoder.conv1.weight").ne()).containsExactly(3, 3, 3, 16 * 64);
    assertType(gguf, "decoder.middle.0.residual.0.gamma", TensorType.F32);

    Path text = DemoModel.directory().resolve("models_t5_umt5-xxl-enc.safetensors");
    run(request(text, "Q4_K_M"));
    gguf = PlainGguf.read(output);
    assertThat(gguf.values)
        .containsEntry("general.architecture", "t5encoder")
        .containsEntry("t5encoder.block_count", 2)
        .containsEntry("t5encoder.attention.head_count", 4)
        .containsEntry("t5encoder.embedding_length", 256)
        .containsEntry("t5encoder.feed_forward_length", 512);
    assertType(gguf, "token_embd.weight", TensorType.Q6_K);
    assertType(gguf, "enc.blk.1.attn_rel_b.weight", TensorType.F32);
    assertType(gguf, "enc.blk.1.attn_q.weight", TensorType.Q4_K);
    assertType(gguf, "enc.blk.0.ffn_down.weight", TensorType.Q6_K);
    assertType(gguf, "enc.output_norm.weight", TensorType.F32);
  }

  @Test
  void meetsATargetSizeWithLessErrorThanTheRecipe() throws Exception {
    for (String recipe : List.of("Q4_K_M", "Q3_K_M")) {
      QuantizeReport usual = run(request(transformer, recipe));
      QuantizeReport chosen = run(target(transformer, usual.fileBytes()));
      assertThat(Files.size(output)).isBetween(usual.fileBytes() * 99 / 100, usual.fileBytes());
      assertThat(chosen.meanRelativeError())
          .as("%s of %d bytes", recipe, usual.fileBytes())
          .isLessThan(usual.meanRelativeError() * 0.92);
      assertThat(chosen.totalError().relativeRmse()).isLessThan(usual.totalError().relativeRmse());
    }
    // Where one type for all is the best choice, that is what comes out.
    QuantizeReport uniform = run(request(transformer, "Q5_K_S"));
    long nameOfTarget = 32; // the header says it, and is a multiple of so many bytes
    QuantizeReport chosen = run(target(transformer, uniform.fileBytes() + nameOfTarget));
    assertThat(chosen.meanRelativeError()).isLessThanOrEqualTo(uniform.meanRelativeError());
  }

  @Test
  void meetsATargetErrorWithFewerBytesThanTheUniformRecipe() throws Exception {
    QuantizeReport uniform = run(request(transformer, "Q5_0"));
    QuantizeRequest request =
        copy(
            request(transformer, "Q4_K_M"),
            List.of(),
            OptionalLong.empty(),
            OptionalDouble.of(uniform.meanRelativeError()),
            2);
    QuantizeReport chosen = run(request);
    assertThat(chosen.meanRelativeError()).isLessThanOrEqualTo(uniform.meanRelativeError() * 1.001);
    assertThat(chosen.fileBytes()).isLessThan(uniform.fileBytes());
    assertThatThrownBy(() -> run(target(transformer, 1 << 20)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("too small");
  }

  @Test
  void dryRunTellsTheSameAndWritesNothing() throws Exception {
    QuantizeReport dry;
    try (Quantizer q = Quantizer.open(request(transformer, "Q4_K_S"), QuantizeListener.SILENT)) {
      dry = q.dryRun();
    }
    assertThat(output).doesNotExist();
    QuantizeReport real = run(request(transformer, "Q4_K_S"));
    assertThat(dry.written()).isFalse();
    // The demo model's tensors are small enough to be measured whole.
    assertThat(dry.meanRelativeError()).isEqualTo(real.meanRelativeError());
    assertThat(dry.fileBytes()).isEqualTo(real.fileBytes());
  }

  @Test
  void stoppedOrFailedRunsLeaveNothing() throws Exception {
    QuantizeListener stop =
        new QuantizeListener() {
          private boolean cancelled;

          @Override
          public void progress(long done, long total) {
            cancelled = done > total / 2;
          }

          @Override
          public boolean isCancelled() {
            return cancelled;
          }
        };
    try (Quantizer q = Quantizer.open(request(transformer, "Q4_0"), stop)) {
      assertThatThrownBy(q::run).isInstanceOf(CancellationException.class);
    }
    Path broken = directory.resolve("broken.safetensors");
    byte[] bytes = Files.readAllBytes(transformer);
    // The last tensor is a bias in F32: its last element becomes NaN.
    bytes[bytes.length - 1] = 0x7f;
    bytes[bytes.length - 2] = (byte) 0xff;
    Files.write(broken, bytes);
    assertThatThrownBy(() -> run(request(broken, "Q4_0")))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("NaN");
    Files.delete(broken);
    assertThatThrownBy(() -> run(request(directory.resolve("nosuch.gguf"), "Q4_0")))
        .hasMessageContaining("nosuch.gguf");
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void refusesToOverwriteItsInput() throws Exception {
    Path copy = Files.copy(transformer, directory.resolve("model.safetensors"));
    assertThatThrownBy(() -> run(QuantizeRequest.of(copy, copy, Recipes.parse("F32"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the output is the input");
    assertThat(Files.size(copy)).isEqualTo(Files.size(transformer));
  }

  @Test
  void safetensorsOutputHoldsPlainTypesOnly() {
    Path plain = directory.resolve("x.safetensors");
    assertThatThrownBy(() -> run(QuantizeRequest.of(transformer, plain, Recipes.parse("Q4_0"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("safetensors has no type Q4_0");
  }

  private QuantizeRequest request(Path input, String recipe) {
    return QuantizeRequest.of(input, output, Recipes.parse(recipe));
  }

  private QuantizeRequest target(Path input, long bytes) {
    QuantizeRequest r = request(input, "Q4_K_M");
    return copy(r, List.of(), OptionalLong.of(bytes), OptionalDouble.empty(), 2);
  }

  private static QuantizeRequest with(QuantizeRequest r, String... rules) {
    List<TensorRule> parsed = Stream.of(rules).map(TensorRule::parse).toList();
    return copy(r, parsed, r.targetBytes(), r.targetError(), r.threads());
  }

  private static QuantizeRequest threads(QuantizeRequest r, int threads) {
    return copy(r, r.overrides(), r.targetBytes(), r.targetError(), threads);
  }

  private static QuantizeRequest copy(
      QuantizeRequest r,
      List<TensorRule> overrides,
      OptionalLong bytes,
      OptionalDouble error,
      int threads) {
    return new QuantizeRequest(
        r.input(),
        r.output(),
        r.recipe(),
        overrides,
        bytes,
        error,
        r.importance(),
        r.loras(),
        threads,
        r.program());
  }

  static QuantizeReport run(QuantizeRequest request) throws Exception {
    try (Quantizer quantizer = Quantizer.open(request, QuantizeListener.SILENT)) {
      return quantizer.run();
    }
  }

  static void assertType(PlainGguf gguf, String name, TensorType type) {
    assertThat(gguf.tensors.get(name).type()).as(name).isEqualTo(type.id());
  }

  private static org.assertj.core.data.Offset<Double> withinRelative(double value, double part) {
    return org.assertj.core.data.Offset.offset(Math.max(1e-12, value * part));
  }

  private static byte[] quantizedAtOnce(WeightTensor tensor, TensorType type) {
    float[] values = tensor.toFloats();
    byte[] bytes = new byte[Math.toIntExact(type.bytes(tensor.shape()))];
    try (HostMemory from = new HostMemory(4L * values.length);
        HostMemory to = new HostMemory(bytes.length)) {
      from.view(0, 4 * values.length).asFloatBuffer().put(values);
      long rows = tensor.shape().rows();
      Quantization.quantize(type, from.address(), to.address(), rows, tensor.shape().columns(), 0);
      to.view(0, bytes.length).get(bytes);
    }
    return bytes;
  }

  static float[] dequantized(WeightTensor tensor) throws java.io.IOException {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    try (HostMemory from = new HostMemory(tensor.byteLength());
        HostMemory to = new HostMemory(4L * values.length)) {
      tensor.read(0, tensor.byteLength(), from.address());
      Quantization.dequantize(
          tensor.type().tensorType().orElseThrow(), from.address(), to.address(), values.length);
      to.view(0, 4 * values.length).asFloatBuffer().get(values);
    }
    return values;
  }
}
