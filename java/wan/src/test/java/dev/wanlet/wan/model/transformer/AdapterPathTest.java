// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.NetworkAdapters;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.RowChunks;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.WeightFiles;
import dev.wanlet.weights.lora.AdapterFile;
import dev.wanlet.weights.lora.LoraAdapter;
import dev.wanlet.weights.lora.LoraMatch;
import dev.wanlet.weights.write.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters beside the demo model's weights against the same adapters merged into them. */
class AdapterPathTest {
  private static final TokenGrid GRID = new TokenGrid(3, 8, 9);

  @TempDir Path folder;
  private final List<LoraAdapter> adapters = new ArrayList<>();
  private int liveBefore;
  private Backend backend;
  private WeightSource demo;
  private Path merged;
  private float[] latents;
  private float[] context;

  @BeforeEach
  void makeAdapters() throws IOException {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    backend.setThreads(1);
    demo = WeightFiles.open(DemoModel.directory().resolve("diffusion_pytorch_model.safetensors"));
    MadeAdapters made = new MadeAdapters(demo);
    Path first = made.write(folder.resolve("first.safetensors"), 4, 3, 0.5, 1, 0.4);
    Path second = made.write(folder.resolve("second.safetensors"), 8, 1, 2, -0.25, 0.3);
    merged = made.writeMerged(folder.resolve("merged.safetensors"));
    adapters.add(LoraAdapter.open(new AdapterFile(first, 1)));
    adapters.add(LoraAdapter.open(new AdapterFile(second, -0.25)));
    Random random = new Random(7);
    latents = randoms(random, 16 * 3 * 16 * 18);
    context = randoms(random, 5 * 256);
  }

  @AfterEach
  void nothingLeaks() {
    adapters.forEach(LoraAdapter::close);
    demo.close();
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  @Test
  void equalTheMergedCheckpoint() throws IOException {
    float[] beside = predict(demo, both(), Precision.F32, 0, Placement::allResident);
    try (WeightSource source = WeightFiles.open(merged)) {
      float[] inside =
          predict(source, NetworkAdapters.NONE, Precision.F32, 0, Placement::allResident);
      assertThat(nmse(beside, inside)).isLessThan(1e-9);
    }
    float[] without = predict(demo, NetworkAdapters.NONE, Precision.F32, 0, Placement::allResident);
    assertThat(nmse(beside, without)).isGreaterThan(1e-2);
  }

  @Test
  void streamedAndChunkedChangeNothing() throws IOException {
    for (Precision precision : Precision.values()) {
      float[] whole = predict(demo, both(), precision, 0, Placement::allResident);
      assertThat(predict(demo, both(), precision, 64, Placement::allResident)).isEqualTo(whole);
      assertThat(predict(demo, both(), precision, 64, n -> Placement.allStreamed(n, 1)))
          .isEqualTo(whole);
      assertThat(predict(demo, both(), precision, 0, n -> new Placement(n, 2, 2))).isEqualTo(whole);
    }
  }

  /** The weights stay quantised: the adapters come beside what they are, rounded as they are. */
  @Test
  void standBesideQuantisedWeights() throws IOException {
    Path file = quantised();
    try (WeightSource q8 = WeightFiles.open(file)) {
      float[] exact = predict(q8, both(), Precision.F32, 0, Placement::allResident);
      float[] fast = predict(q8, both(), Precision.AUTO, 0, Placement::allResident);
      assertThat(nmse(fast, exact)).isLessThan(1e-3);
      float[] streamed = predict(q8, both(), Precision.AUTO, 0, n -> Placement.allStreamed(n, 2));
      assertThat(streamed).isEqualTo(fast);
      float[] unquantised = predict(demo, both(), Precision.F32, 0, Placement::allResident);
      assertThat(nmse(exact, unquantised)).isBetween(1e-9, 1e-2);
    }
  }

  /** The demo model's transformer with its large matrices as Q8_0. */
  private Path quantised() throws IOException {
    Path file = folder.resolve("q8.gguf");
    try (GgufWriter writer = GgufWriter.create(file)) {
      demo.tensors().forEach(t -> writer.declare(t.name(), StoredType.of(type(t)), t.shape()));
      for (WeightTensor tensor : demo.tensors()) {
        TensorType type = type(tensor);
        long elements = tensor.elements();
        try (HostMemory floats = new HostMemory(4 * elements);
            HostMemory stored = new HostMemory(type.bytes(tensor.shape()))) {
          floats.view(0, (int) (4 * elements)).asFloatBuffer().put(tensor.toFloats());
          long columns = tensor.shape().columns();
          Quantization.quantize(
              type, floats.address(), stored.address(), elements / columns, columns, 0);
          writer.append(tensor.name(), stored.address(), stored.bytes());
        }
      }
      writer.commit();
    }
    return file;
  }

  private static TensorType type(WeightTensor tensor) {
    return tensor.shape().rank() == 2 && tensor.elements() >= 1 << 14
        ? TensorType.Q8_0
        : TensorType.F32;
  }

  private NetworkAdapters both() throws IOException {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    demo.tensors().forEach(t -> shapes.put(t.name(), t.shape()));
    List<LoraMatch> matches = new ArrayList<>();
    for (LoraAdapter adapter : adapters) {
      matches.add(LoraMatch.of(adapter, shapes));
    }
    assertThat(matches).allSatisfy(m -> assertThat(m.leftOut()).isEmpty());
    return new NetworkAdapters(matches);
  }

  private float[] predict(
      WeightSource source,
      NetworkAdapters added,
      Precision precision,
      int chunkRows,
      IntFunction<Placement> placement)
      throws IOException {
    RowChunks chunks =
        chunkRows == 0 ? RowChunks.whole(GRID.tokens()) : new RowChunks(GRID.tokens(), chunkRows);
    WanRun run = new WanRun(GRID, chunks, List.of(new PromptRows(5)), false, 1, precision);
    WanConfig config = WanConfig.infer(source);
    try (WanTransformer model =
            WanTransformer.open(backend, source, config, precision, placement, added);
        WanSession session = model.open(run, List.of(context))) {
      session.predict(latents, new float[] {900}, 0);
      return session.predict(latents, new float[] {700}, 0).get(0);
    }
  }

  private static double nmse(float[] actual, float[] expected) {
    double error = 0;
    double size = 0;
    for (int i = 0; i < expected.length; i++) {
      error += Math.pow(actual[i] - expected[i], 2);
      size += Math.pow(expected[i], 2);
    }
    return error / size;
  }

  private static float[] randoms(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
