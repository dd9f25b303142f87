// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.wan.nn.WeightReader;
import dev.wanlet.wan.nn.WeightSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Streaming delivers the right weights in any order, in the memory it was given. */
class StreamedBlocksTest {
  private static final int BLOCKS = 7;
  private static final int VALUES = 1024;

  private int liveBefore;
  private Backend backend;

  @BeforeEach
  void open() {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
  }

  @AfterEach
  void nothingLeaks() {
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  /** Odd blocks are twice as long, so that slots serve two layouts. */
  private static List<WeightLayout> layouts() {
    List<WeightLayout> layouts = new ArrayList<>();
    for (int i = 0; i < BLOCKS; i++) {
      WeightLayout.Builder b = WeightLayout.builder(null).f32("w", VALUES);
      if (i % 2 == 1) {
        b.add(TensorSpec.of("extra", TensorType.F16, VALUES));
      }
      layouts.add(b.build());
    }
    return layouts;
  }

  private static WeightReader filledWith(int block, AtomicInteger reads) {
    return new WeightReader() {
      @Override
      public long mappedAddress(TensorSpec spec) {
        return 0;
      }

      @Override
      public void read(TensorSpec spec, long address) {
        reads.incrementAndGet();
        try (HostMemory source = new HostMemory(spec.type().bytes(spec.shape()))) {
          var view = source.view(0, (int) source.bytes());
          while (view.remaining() >= 4) {
            view.putFloat(block + 1f);
          }
          HostMemory.copy(source.address(), address, source.bytes());
        }
      }
    };
  }

  private static void assertHolds(WeightSet set, int block) {
    float[] values = set.get("w").toFloats();
    assertThat(values).hasSize(VALUES).containsOnly(block + 1f);
  }

  @ParameterizedTest
  @CsvSource({"0,1", "0,2", "0,3", "3,2", "5,1", "6,1", "4,3"})
  void deliversEveryBlockInOrderAgainAndAgain(int resident, int slots) throws IOException {
    List<WeightLayout> layouts = layouts();
    Placement placement = new Placement(BLOCKS, resident, slots);
    try (StreamedBlocks blocks =
        new StreamedBlocks(backend, layouts, i -> filledWith(i, new AtomicInteger()), placement)) {
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < BLOCKS; i++) {
          assertHolds(blocks.acquire(i), i);
          blocks.release(i);
        }
      }
      assertThat(blocks.uploadedBytes()).isPositive();
      long expected = slots * StreamedBlocks.slotBytes(backend, layouts, placement.streamed());
      for (int i = 0; i < BLOCKS; i++) {
        if (!placement.streamed().contains(i)) {
          expected += layouts.get(i).bytes(backend.device().bufferType());
        }
      }
      assertThat(backend.deviceMemory().peakBytes()).isEqualTo(expected);
    }
    assertThat(backend.deviceMemory().currentBytes()).isZero();
  }

  @Test
  void aStopEndsLoadingBetweenBlocks() throws IOException {
    AtomicInteger reads = new AtomicInteger();
    Placement resident = Placement.allResident(BLOCKS);
    assertThatThrownBy(
            () ->
                new StreamedBlocks(
                    backend,
                    layouts(),
                    i -> {
                      if (i == 2) {
                        backend.requestStop();
                      }
                      return filledWith(i, reads);
                    },
                    resident))
        .isInstanceOfSatisfying(
            GgmlException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ABORTED));
    assertThat(reads).hasValue(4);
    backend.clearStop();
    try (StreamedBlocks blocks =
        new StreamedBlocks(
            backend, layouts(), i -> filledWith(i, reads), new Placement(BLOCKS, 0, 1))) {
      assertHolds(blocks.acquire(0), 0);
      backend.requestStop();
      blocks.release(0);
      assertThatThrownBy(() -> blocks.acquire(1))
          .isInstanceOfSatisfying(
              GgmlException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ABORTED));
    }
  }

  @Test
  void servesAnyOrder() throws IOException {
    try (StreamedBlocks blocks =
        new StreamedBlocks(
            backend,
            layouts(),
            i -> filledWith(i, new AtomicInteger()),
            new Placement(BLOCKS, 2, 2))) {
      for (int i : new int[] {5, 0, 6, 6, 1, 3, 2, 4, 0, 1, 2, 3, 4, 5, 6}) {
        assertHolds(blocks.acquire(i), i);
        blocks.release(i);
      }
    }
  }

  @Test
  void residentBlocksAreReadOnce() throws IOException {
    AtomicInteger reads = new AtomicInteger();
    try (StreamedBlocks blocks =
        new StreamedBlocks(
            backend,
            layouts(),
            i -> filledWith(i, i == 3 ? reads : new AtomicInteger()),
            new Placement(BLOCKS, 6, 1))) {
      assertThat(new Placement(BLOCKS, 6, 1).streamed()).containsExactly(0);
      for (int round = 0; round < 3; round++) {
        blocks.acquire(3);
        blocks.release(3);
      }
      assertThat(reads).hasValue(2);
    }
  }

  @Test
  void aReadErrorReachesTheCallerAndLeavesTheRestUsable() throws IOException {
    WeightReader broken =
        new WeightReader() {
          @Override
          public long mappedAddress(TensorSpec spec) {
            return 0;
          }

          @Override
          public void read(TensorSpec spec, long address) throws IOException {
            throw new IOException("block is damaged");
          }
        };
    try (StreamedBlocks blocks =
        new StreamedBlocks(
            backend,
            layouts(),
            i -> i == 4 ? broken : filledWith(i, new AtomicInteger()),
            new Placement(BLOCKS, 0, 2))) {
      assertHolds(blocks.acquire(0), 0);
      blocks.release(0);
      assertThatThrownBy(() -> blocks.acquire(4))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("damaged");
      assertHolds(blocks.acquire(5), 5);
      blocks.release(5);
    }
  }

  @Test
  void aBudgetTooSmallForTheSlotsIsRefusedWithoutLeaks() {
    backend.deviceMemory().limit(VALUES * 4);
    assertThatThrownBy(
            () ->
                new StreamedBlocks(
                    backend,
                    layouts(),
                    i -> filledWith(i, new AtomicInteger()),
                    new Placement(BLOCKS, 0, 2)))
        .isInstanceOf(dev.wanlet.ggml.DeviceMemoryException.class);
    assertThat(backend.deviceMemory().currentBytes()).isZero();
  }

  @Test
  void streamedBlocksAreSpreadEvenly() {
    assertThat(new Placement(40, 30, 2).streamed())
        .containsExactly(0, 4, 8, 12, 16, 20, 24, 28, 32, 36);
    assertThat(Placement.allResident(5).streamed()).isEmpty();
    assertThatThrownBy(() -> new Placement(5, 5, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Placement(5, 2, 4)).isInstanceOf(IllegalArgumentException.class);
  }
}
