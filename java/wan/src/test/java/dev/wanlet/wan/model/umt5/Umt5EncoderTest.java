// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.DeviceMemoryException;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.model.GoldenTensors;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.Umt5Names;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The umT5 encoder against reference activations, and against itself. */
class Umt5EncoderTest {
  /** Asked of a float32 run; the reference's own rounding noise is 2e-6. */
  private static final double TOLERANCE = 5e-5;

  private static final int ROWS = 24;
  private static final int REAL = 9;

  private int liveBefore;
  private Backend backend;
  private WeightSource weights;
  private WeightSource inputs;
  private WeightSource outputs;
  private Umt5Config config;

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    backend.setThreads(1); // tiny graphs: a second thread would mostly wait
    weights = Umt5Names.official(GoldenTensors.open("golden/umt5/weights.safetensors"));
    inputs = GoldenTensors.open("golden/umt5/inputs.safetensors");
    outputs = GoldenTensors.open("golden/umt5/outputs.safetensors");
    config = Umt5Config.infer(weights);
  }

  @AfterEach
  void nothingLeaks() {
    outputs.close();
    inputs.close();
    weights.close();
    assertThat(backend.deviceMemory().currentBytes()).isZero();
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private Umt5Encoder encoder() throws IOException {
    return Umt5Encoder.open(backend, weights, config, Precision.F32, Placement::allResident);
  }

  /** Both blocks through one slot. */
  private Umt5Encoder streamedEncoder() throws IOException {
    return Umt5Encoder.open(
        backend, weights, config, Precision.F32, blocks -> new Placement(blocks, 0, 1));
  }

  private int[] ids(int row) throws IOException {
    return Arrays.copyOfRange(inputs.require("ids").toInts(), row * ROWS, (row + 1) * ROWS);
  }

  private float[] expected(String tap, int row, int rows) throws IOException {
    float[] all = outputs.require(tap).toFloats();
    int perRow = all.length / rows;
    return Arrays.copyOfRange(all, row * perRow, (row + 1) * perRow);
  }

  @Test
  void readsItsNumbersOffTheShapes() {
    assertThat(config).isEqualTo(new Umt5Config(320, 64, 64, 128, 4, 2, 32, 128, 1e-6f));
    assertThat(config.headDim()).isEqualTo(16);
  }

  @Test
  void everyActivationMatchesTheReferenceWithAndWithoutMask() throws IOException {
    try (Umt5Encoder encoder = encoder()) {
      for (int row = 0; row < 2; row++) {
        Taps taps = new Taps(name -> true);
        float[] output = encoder.encode(ids(row), row == 0 ? ROWS : REAL, taps);
        assertThat(output).isEqualTo(taps.collected().get("output").values());
        assertThat(taps.collected()).hasSize(11);
        for (var tap : taps.collected().entrySet()) {
          boolean bias = tap.getKey().endsWith("pos_bias");
          if (bias && row == 1) {
            continue; // the reference's is of all 24 keys
          }
          float[] reference = expected(tap.getKey(), bias ? 0 : row, bias ? 1 : 2);
          assertThat(GoldenTensors.maxDifference(tap.getValue().values(), reference))
              .as("%s of row %d", tap.getKey(), row)
              .isLessThan(TOLERANCE);
        }
      }
    }
  }

  @Test
  void realTokensAloneGiveWhatThePaddedRunGives() throws IOException {
    int[] padded = inputs.require("padded512_ids").toInts();
    float[] cut = outputs.require("padded512_cut9").toFloats();
    try (Umt5Encoder encoder = encoder()) {
      float[] alone = encoder.encode(Arrays.copyOf(padded, REAL));
      assertThat(GoldenTensors.maxDifference(alone, cut)).isLessThan(TOLERANCE);
      float[] whole = encoder.encode(padded, REAL, Taps.NONE);
      assertThat(GoldenTensors.maxDifference(Arrays.copyOf(whole, cut.length), cut))
          .isLessThan(TOLERANCE);
    }
  }

  @Test
  void encodesALongPromptInChunks() throws IOException {
    int[] ids = inputs.require("long512_ids").toInts();
    float[] reference = outputs.require("long512_rows_0_1_255_510_511").toFloats();
    try (Umt5Encoder encoder = encoder()) {
      float[] output = encoder.encode(ids);
      float[] rows = new float[reference.length];
      int[] picked = {0, 1, 255, 510, 511};
      for (int i = 0; i < picked.length; i++) {
        System.arraycopy(output, picked[i] * config.dim(), rows, i * config.dim(), config.dim());
      }
      assertThat(GoldenTensors.maxDifference(rows, reference)).isLessThan(TOLERANCE);
    }
  }

  @Test
  void streamedBatchedAndResidentAreEqual() throws IOException {
    int[] longIds = Arrays.copyOf(inputs.require("long512_ids").toInts(), 300);
    List<int[]> prompts = List.of(ids(0), longIds, Arrays.copyOf(ids(1), REAL));
    try (Umt5Encoder resident = encoder();
        Umt5Encoder streamed = streamedEncoder()) {
      List<float[]> batch = streamed.encode(prompts);
      for (int i = 0; i < prompts.size(); i++) {
        assertThat(batch.get(i)).isEqualTo(resident.encode(prompts.get(i)));
      }
    }
  }

  @Test
  void takesTheMemoryThatWasPlanned() throws IOException {
    int[] ids = inputs.require("long512_ids").toInts();
    for (List<Integer> lengths : List.of(List.of(1), List.of(9, 40), List.of(300, 2, 512))) {
      Umt5Memory plan =
          Umt5Memory.plan(backend.device(), config, lengths, TypePolicy.ALL_F32, Precision.F32, 2);
      List<int[]> prompts = lengths.stream().map(n -> Arrays.copyOf(ids, n)).toList();
      backend.deviceMemory().resetPeak();
      try (Umt5Encoder encoder = encoder()) {
        encoder.encode(prompts);
      }
      assertThat(backend.deviceMemory().peakBytes())
          .as("resident, %s", lengths)
          .isEqualTo(plan.residentPeakBytes());
      backend.deviceMemory().resetPeak();
      try (Umt5Encoder encoder = streamedEncoder()) {
        encoder.encode(prompts);
      }
      assertThat(backend.deviceMemory().peakBytes())
          .as("one slot, %s", lengths)
          .isEqualTo(plan.peakBytes(plan.blockBytes().get(0)));
    }
  }

  @Test
  void aBudgetTooSmallIsAnErrorAndTheEncoderStaysUsable() throws IOException {
    try (Umt5Encoder encoder = encoder()) {
      long loaded = backend.deviceMemory().currentBytes();
      backend.deviceMemory().limit(loaded + 100_000);
      int[] ids = inputs.require("long512_ids").toInts();
      assertThatThrownBy(() -> encoder.encode(ids)).isInstanceOf(DeviceMemoryException.class);
      assertThat(backend.deviceMemory().currentBytes()).isEqualTo(loaded);
      backend.deviceMemory().limit(Long.MAX_VALUE);
      assertThat(encoder.encode(ids(0))).hasSize(ROWS * config.dim());
    }
  }

  @Test
  void theRealSizeStaysSmallBesideItsWeights() {
    TypePolicy eightBit = (name, rows, columns) -> TensorType.Q8_0;
    Umt5Memory plan =
        Umt5Memory.plan(
            backend.device(), Umt5Config.XXL, List.of(512, 512), eightBit, Precision.AUTO, 2);
    long block = plan.blockBytes().get(0);
    assertThat(plan.computeBytes()).isLessThan(block / 2);
    assertThat(plan.peakBytes(2 * block)).isLessThan(600L << 20);
    assertThat(plan.scratchBytes()).isPositive();
  }

  @Test
  void refusesTokensThatDoNotExist() throws IOException {
    try (Umt5Encoder encoder = encoder()) {
      assertThatThrownBy(() -> encoder.encode(new int[] {1, 320}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("320");
      assertThatThrownBy(() -> encoder.encode(new int[0]))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void distancesFallIntoTheReferenceClasses() throws IOException {
    int[] positions = outputs.require("relative_position").toInts();
    int[] expected = outputs.require("relative_bucket").toInts();
    int[] actual =
        Arrays.stream(positions)
            .map(p -> RelativePositionBuckets.bucket(p, 32, Umt5Config.MAX_DISTANCE))
            .toArray();
    assertThat(actual).isEqualTo(expected);
    int[] table = RelativePositionBuckets.table(2, 3, 32, 128);
    assertThat(table).containsExactly(0, 17, 18, 1, 0, 17);
  }
}
