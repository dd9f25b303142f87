// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the requested device cannot give is a Java error that leaves everything usable. */
@Tag("device")
class DeviceLimitsTest {
  private int liveBefore;
  private Device device;
  private Backend backend;

  @BeforeEach
  void open() {
    liveBefore = Ggml.liveObjects();
    device = TestDevice.requested();
    backend = Backend.open(device);
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(backend.deviceMemory().currentBytes()).isZero();
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private void assertComputes() {
    try (TensorArena arena = TensorArena.forGraph(8);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, 8);
      Tensor y = g.output(g.scale(x, 2f));
      allocator.allocate(g.graph());
      x.set(new float[] {1, 2, 3, 4, 5, 6, 7, 8});
      backend.compute(g.graph());
      assertThat(y.toFloats()).containsExactly(2, 4, 6, 8, 10, 12, 14, 16);
    }
  }

  @Test
  void computesAgainWhenRenewed() {
    for (int i = 0; i < 3; i++) {
      assertComputes();
      backend.renew();
    }
    assertComputes();
  }

  @Test
  void isListedAmongTheDevices() {
    assertThat(Device.all()).extracting(Device::name).contains(device.name(), "CPU");
    assertThat(device.isCpu()).isFalse();
    assertThat(device.memory().totalBytes()).isPositive();
  }

  @Test
  void anAbsurdAllocationIsAMemoryErrorAndLeavesTheDeviceUsable() {
    for (long bytes : new long[] {device.memory().totalBytes() * 4, 1L << 50, 1L << 62}) {
      assertThatThrownBy(() -> backend.allocate(bytes))
          .isInstanceOfSatisfying(
              DeviceMemoryException.class, e -> assertThat(e.askedBytes()).isEqualTo(bytes))
          .hasMessageContaining(device.name());
    }
    assertComputes();
  }

  @Test
  void aTensorLargerThanTheDeviceAddressesIsRefusedBeforeAnythingIsTaken() {
    long rows = device.maxTensorBytes() / 4096 + 1;
    try (TensorArena arena = TensorArena.forGraph(16)) {
      GraphBuilder g = new GraphBuilder(arena);
      g.output(g.scale(g.input("latents", TensorType.F32, rows, 1024), 2f));
      assertThatThrownBy(() -> GraphAllocator.measure(device, g.graph()))
          .isInstanceOfSatisfying(
              GgmlException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED))
          .hasMessageContaining("SCALE")
          .hasMessageContaining("latents")
          .hasMessageContaining(Long.toString(device.maxTensorBytes()));
    }
  }

  @Test
  void partsOfALargerTensorMayBeUsed() {
    long columns = 1024;
    long rows = device.maxTensorBytes() / (4 * columns) + 64;
    try (TensorArena state = TensorArena.forTensors(1);
        TensorArena arena = TensorArena.forGraph(16)) {
      Tensor whole = state.tensor("whole", TensorType.F32, Shape.of(rows, columns));
      assertThat(doublingLastRows(arena, whole.pretendPlaced()).firstUnsupported(device)).isNull();
    }
    if (rows * columns * 4 > device.bufferType().maxBytes()) {
      return; // not one buffer's worth on this device
    }
    try (TensorArena state = TensorArena.forTensors(1);
        Buffer memory = backend.allocate(rows * columns * 4);
        TensorArena arena = TensorArena.forGraph(16);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      Tensor whole = state.tensor("whole", TensorType.F32, Shape.of(rows, columns));
      memory.place(whole);
      Graph graph = doublingLastRows(arena, whole);
      allocator.allocate(graph);
      float[] ones = new float[2 * (int) columns];
      java.util.Arrays.fill(ones, 1f);
      whole.set((rows - 2) * columns, ones, 0, ones.length);
      backend.compute(graph);
      whole.get((rows - 2) * columns, ones, 0, ones.length);
      assertThat(ones).containsOnly(2f);
    }
  }

  private static Graph doublingLastRows(TensorArena arena, Tensor whole) {
    GraphBuilder g = new GraphBuilder(arena);
    Tensor last = g.slice(whole, 0, whole.dim(0) - 2, whole.dim(0));
    g.run(g.copy(g.scale(last, 2f), last));
    return g.graph();
  }

  @Test
  void theLargestTensorIsExact() {
    long limit = device.maxTensorBytes();
    assertThat(limit).isGreaterThanOrEqualTo(1L << 27).isLessThan(Long.MAX_VALUE);
    for (long columns : new long[] {limit / 4, limit / 4 + 1}) {
      try (TensorArena arena = TensorArena.forGraph(4)) {
        GraphBuilder g = new GraphBuilder(arena);
        g.output(g.scale(g.input("x", TensorType.F32, columns), 2f));
        assertThat(g.graph().firstUnsupported(device) == null).isEqualTo(columns * 4 <= limit);
      }
    }
  }

  @Test
  void measuringIsExact() {
    try (TensorArena arena = TensorArena.forGraph(16);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, 300, 1000);
      g.output(g.silu(g.scale(x, 2f)));
      long measured = GraphAllocator.measure(device, g.graph());
      allocator.allocate(g.graph());
      assertThat(allocator.bytes()).isEqualTo(measured);
      assertThat(allocator.nativeBytes()).isEqualTo(measured);
    }
  }

  @Test
  void pinnedMemoryReachesTheDevice() {
    try (TensorArena weights = TensorArena.forTensors(1);
        Buffer memory = backend.allocate(1 << 12);
        Buffer pinned = backend.allocateHost(1 << 12)) {
      assertThat(pinned.type().isHost()).isTrue();
      Tensor weight = weights.tensor("weight", TensorType.F32, Shape.of(4, 16));
      memory.place(weight);
      for (int i = 0; i < 64; i++) {
        pinned.hostBytes(0, 256).asFloatBuffer().put(i, i);
      }
      weight.setFromAsync(backend, pinned.hostAddress(), 0, 256);
      backend.synchronize();
      assertThat(weight.toFloats()).startsWith(0, 1, 2, 3).endsWith(63);
    }
  }
}
