// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.DeviceMemoryException;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.GraphAllocator;
import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A made-up network with two kinds of blocks, which differ in their tensors and in their graphs: a
 * main branch, and control blocks among it. However it is placed, it computes the same.
 */
class NetworkWeightsTest {
  private static final String MAIN = "blocks";
  private static final String CONTROL = "vace_blocks";
  private static final int DIM = 32;
  private static final int HIDDEN = 96;
  private static final int ROWS = 5;

  private int liveBefore;
  private Backend backend;

  @BeforeEach
  void open() {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    backend.setThreads(1);
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(backend.deviceMemory().currentBytes()).isZero();
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  /** Two main blocks after each control block. The types of both kinds are the same in order. */
  private static NetworkLayout layout() {
    WeightLayout main = WeightLayout.builder(TypePolicy.ALL_F32).linear("ffn", DIM, DIM).build();
    WeightLayout control =
        WeightLayout.builder(TypePolicy.ALL_F32)
            .matrix("up.weight", HIDDEN, DIM)
            .matrix("down.weight", DIM, HIDDEN)
            .build();
    List<BlockSpec> blocks =
        Stream.iterate(0, i -> i + 1)
            .limit(9)
            .map(
                i ->
                    i % 3 == 0
                        ? new BlockSpec(CONTROL, i / 3, control)
                        : new BlockSpec(MAIN, i - i / 3 - 1, main))
            .toList();
    return new NetworkLayout(
        WeightLayout.builder(TypePolicy.ALL_F32).f32("norm.weight", DIM).build(), blocks);
  }

  /** The same values for the same name. */
  private static WeightReader reader() {
    return new WeightReader() {
      @Override
      public void read(TensorSpec spec, long address) {
        Random random = new Random(spec.name().hashCode());
        try (HostMemory values = new HostMemory(spec.type().bytes(spec.shape()))) {
          FloatBuffer floats = values.view(0, (int) values.bytes()).asFloatBuffer();
          while (floats.hasRemaining()) {
            floats.put((float) random.nextGaussian() / 8);
          }
          HostMemory.copy(values.address(), address, values.bytes());
        }
      }
    };
  }

  private float[] run(Placement placement) throws IOException {
    float[][] x = {new float[ROWS * DIM]};
    for (int i = 0; i < x[0].length; i++) {
      x[0][i] = (float) Math.sin(i);
    }
    try (NetworkWeights network = NetworkWeights.open(backend, layout(), reader(), placement)) {
      for (int pass = 0; pass < 2; pass++) {
        network.blocks().forEach((block, position, weights) -> x[0] = block(block, weights, x[0]));
        x[0] =
            compute(x[0], (g, in) -> Norms.rmsNorm(g, in, network.outer().get("norm.weight"), 1));
      }
    }
    return x[0];
  }

  private float[] block(BlockSpec block, WeightSet weights, float[] x) {
    return switch (block.kind()) {
      case MAIN -> compute(x, (g, in) -> g.add(in, new Linear(weights, "ffn").forward(g, in)));
      case CONTROL ->
          compute(
              x,
              (g, in) -> {
                Tensor hidden = g.silu(new Linear(weights, "up").forward(g, in));
                return g.add(in, new Linear(weights, "down").forward(g, hidden));
              });
      default -> throw new AssertionError(block.kind());
    };
  }

  private interface Layer {
    Tensor forward(GraphBuilder g, Tensor x);
  }

  private float[] compute(float[] x, Layer layer) {
    try (TensorArena arena = TensorArena.forGraph(16);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor input = g.input("x", TensorType.F32, ROWS, DIM);
      Tensor output = g.output(layer.forward(g, input));
      allocator.allocate(g.graph());
      input.set(x);
      backend.compute(g.graph());
      return output.toFloats();
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0, 2", "0, 3", "4, 1", "3, 2", "8, 1"})
  void twoKindsOfBlocksStreamedEqualResident(int resident, int slots) throws IOException {
    float[] expected = run(Placement.allResident(9));
    assertThat(run(new Placement(9, resident, slots))).isEqualTo(expected);
  }

  @Test
  void slotsFitTheLargerKind() throws IOException {
    BufferType type = backend.device().bufferType();
    NetworkLayout layout = layout();
    long main = layout.blocks().get(1).layout().bytes(type);
    long control = layout.blocks().get(0).layout().bytes(type);
    assertThat(control).isGreaterThan(main);
    try (NetworkWeights network =
        NetworkWeights.open(backend, layout, reader(), Placement.allStreamed(9, 2))) {
      assertThat(backend.deviceMemory().peakBytes())
          .isEqualTo(layout.outer().bytes(type) + 2 * control);
      // Each slot is seen in two ways.
      assertThat(network.blocks().places()).hasSize(4);
    }
  }

  @Test
  void aBlockThatAppearsTwiceIsRefused() {
    NetworkLayout layout = layout();
    List<BlockSpec> twice = List.of(layout.blocks().get(0), layout.blocks().get(0));
    assertThatThrownBy(() -> new NetworkLayout(layout.outer(), twice))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("vace_blocks.0.");
  }

  @Test
  void aBudgetTooSmallGivesEverythingBack() {
    BufferType type = backend.device().bufferType();
    backend.deviceMemory().limit(layout().outer().bytes(type) + 1);
    assertThatThrownBy(
            () -> NetworkWeights.open(backend, layout(), reader(), Placement.allResident(9)))
        .isInstanceOf(DeviceMemoryException.class);
  }
}
