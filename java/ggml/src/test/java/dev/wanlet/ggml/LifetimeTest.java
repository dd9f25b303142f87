// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Objects used after what they stand on is gone, or out of range, are Java errors. */
class LifetimeTest {
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
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  @Test
  void aTensorWhoseBufferIsClosedIsRefused() {
    try (TensorArena arena = TensorArena.forGraph(8)) {
      Tensor x = arena.tensor("x", TensorType.F32, Shape.of(4, 2));
      Buffer buffer = backend.allocate(64);
      buffer.place(x);
      Tensor view = new GraphBuilder(arena).slice(x, 0, 1, 2);
      x.set(new float[8]);
      assertThat(view.toFloats()).containsExactly(0, 0);
      buffer.close();
      assertThatThrownBy(() -> x.set(new float[8])).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(x::toFloats).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(view::toFloats).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aGraphWhoseComputeBufferIsClosedIsRefused() {
    try (TensorArena arena = TensorArena.forGraph(8)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, 8);
      Tensor y = g.output(g.scale(x, 2f));
      try (GraphAllocator allocator = new GraphAllocator(backend)) {
        allocator.allocate(g.graph());
        x.set(new float[8]);
        backend.compute(g.graph());
        assertThat(y.toFloats()).containsOnly(0);
      }
      assertThatThrownBy(() -> backend.compute(g.graph()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
    }
  }

  @Test
  void aGraphThatGrewAfterItWasAllocatedIsRefused() {
    try (TensorArena arena = TensorArena.forGraph(8);
        GraphAllocator allocator = new GraphAllocator(backend)) {
      GraphBuilder g = new GraphBuilder(arena);
      Tensor x = g.input("x", TensorType.F32, 8);
      g.output(g.scale(x, 2f));
      allocator.allocate(g.graph());
      assertThatThrownBy(() -> allocator.allocate(g.graph()))
          .isInstanceOf(IllegalStateException.class);
      Tensor late = g.sqr(x);
      assertThatThrownBy(() -> g.output(late)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aViewMadeBeforeItsTensorWasPlacedIsRefused() {
    try (TensorArena arena = TensorArena.forGraph(8);
        Buffer buffer = backend.allocate(64)) {
      Tensor x = arena.tensor("x", TensorType.F32, Shape.of(4, 2));
      Tensor early = new GraphBuilder(arena).slice(x, 0, 1, 2);
      buffer.place(x);
      assertThatThrownBy(() -> early.set(new float[2])).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void viewsAndPretendedTensorsCannotBePlaced() {
    try (TensorArena arena = TensorArena.forGraph(8);
        Buffer buffer = backend.allocate(64)) {
      Tensor x = arena.tensor("x", TensorType.F32, Shape.of(4, 2));
      Tensor view = new GraphBuilder(arena).slice(x, 0, 1, 2);
      assertThatThrownBy(() -> buffer.place(view)).isInstanceOf(IllegalArgumentException.class);
      x.pretendPlaced();
      assertThatThrownBy(() -> buffer.place(x)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void rangesThatOverflowAreRefused() {
    try (HostMemory memory = new HostMemory(16);
        Buffer buffer = backend.allocate(64);
        TensorArena arena = TensorArena.forTensors(1)) {
      Tensor x = arena.tensor("x", TensorType.F32, Shape.of(8));
      buffer.place(x);
      assertThatThrownBy(() -> memory.view(Long.MAX_VALUE, 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> buffer.hostBytes(Long.MAX_VALUE, 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> x.set(1L << 62, new float[1], 0, 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> x.get(1L << 62, new float[1], 0, 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> new HostMemory(-1)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void quantisersThatGgmlLacksAreRefused() {
    try (HostMemory memory = new HostMemory(4096)) {
      long at = memory.address();
      assertThatThrownBy(() -> Quantization.quantize(TensorType.Q8_K, at, at, 1, 256, 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Q8_K");
      assertThatThrownBy(() -> Quantization.quantize(TensorType.Q8_0, at, at, 1, 0, 0))
          .isInstanceOf(ShapeException.class);
      assertThatThrownBy(() -> Quantization.dequantize(TensorType.Q8_0, at, at, -32))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void absurdThreadCountsAreRefused() {
    assertThatThrownBy(() -> backend.setThreads(100_000))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void stoppingWhileClosingIsHarmless() throws Exception {
    ExecutorService stopper = Executors.newSingleThreadExecutor();
    try {
      for (int i = 0; i < 2000; i++) {
        Backend closing = Backend.open(Device.cpu());
        CountDownLatch running = new CountDownLatch(1);
        Future<?> stop =
            stopper.submit(
                () -> {
                  running.countDown();
                  closing.requestStop();
                });
        running.await();
        closing.close();
        assertThatCode(stop::get).doesNotThrowAnyException();
        assertThat(closing.isStopRequested()).isTrue();
      }
    } finally {
      stopper.shutdownNow();
    }
  }
}
