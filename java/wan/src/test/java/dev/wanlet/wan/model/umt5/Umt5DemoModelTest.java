// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.model.GoldenTensors;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The trained text encoder of the demo model, resident and streamed through one slot. */
class Umt5DemoModelTest {
  /** Of check/config.json. */
  private static final double TOLERANCE = 1e-4;

  private static final int[] EMPTY_PROMPT = {1};

  private int liveBefore;
  private Backend backend;
  private Checkpoint checkpoint;
  private WeightSource weights;
  private int[] ids;

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    backend.setThreads(1); // tiny graphs: a second thread would mostly wait
    checkpoint =
        Checkpoint.open(DemoModel.directory().resolve("models_t5_umt5-xxl-enc.safetensors"));
    weights = checkpoint.source();
    try (WeightSource inputs = GoldenTensors.open("golden/tiny-wan/check/inputs.safetensors")) {
      ids = inputs.require("ids").toInts();
    }
  }

  @AfterEach
  void nothingLeaks() {
    checkpoint.close();
    assertThat(backend.deviceMemory().currentBytes()).isZero();
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private Umt5Encoder resident(Precision precision) throws IOException {
    return Umt5Encoder.open(
        backend, weights, Umt5Config.infer(weights), precision, Placement::allResident);
  }

  private Umt5Encoder streamed(Precision precision) throws IOException {
    return Umt5Encoder.open(
        backend,
        weights,
        Umt5Config.infer(weights),
        precision,
        blocks -> new Placement(blocks, 0, 1));
  }

  @Test
  void givesTheContextsOfTheOfficialCode() throws IOException {
    try (WeightSource expected = GoldenTensors.open("golden/tiny-wan/check/outputs.safetensors");
        Umt5Encoder encoder = resident(Precision.F32)) {
      List<float[]> contexts = encoder.encode(List.of(ids, EMPTY_PROMPT));
      assertClose(contexts.get(0), expected.require("context").toFloats(), TOLERANCE);
      assertClose(contexts.get(1), expected.require("context_empty").toFloats(), TOLERANCE);
    }
  }

  @Test
  void storedHalfPrecisionIsCloseToThem() throws IOException {
    try (WeightSource expected = GoldenTensors.open("golden/tiny-wan/check/outputs.safetensors");
        Umt5Encoder encoder = resident(Precision.AUTO)) {
      assertClose(encoder.encode(ids), expected.require("context").toFloats(), 1e-2);
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void streamedEqualsResidentTimeAfterTime(Precision precision) throws IOException {
    try (Umt5Encoder resident = resident(precision);
        Umt5Encoder streamed = streamed(precision)) {
      List<float[]> expected = resident.encode(List.of(ids, EMPTY_PROMPT));
      for (int time = 0; time < 2; time++) {
        assertThat(streamed.encode(ids)).isEqualTo(expected.get(0));
        assertThat(streamed.encode(EMPTY_PROMPT)).isEqualTo(expected.get(1));
      }
    }
  }

  private static void assertClose(float[] actual, float[] expected, double tolerance) {
    double largest = 1;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(GoldenTensors.maxDifference(actual, expected))
        .isLessThanOrEqualTo(tolerance * largest);
  }
}
