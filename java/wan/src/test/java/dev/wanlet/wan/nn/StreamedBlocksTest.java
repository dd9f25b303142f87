// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.DeviceMemoryException;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.TensorType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
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
  private WeightUpload upload;

  @BeforeEach
  void open() {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    upload = WeightUpload.open(backend);
  }

  @AfterEach
  void nothingLeaks() {
    upload.close();
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  /** Every other block is of a second kind, which has one tensor more. */
  private static final List<BlockSpec> SPECS =
      IntStream.range(0, BLOCKS)
          .mapToObj(
              i -> {
                WeightLayout.Builder b = WeightLayout.builder(null).f32("w", VALUES);
                if (i % 2 == 0) {
                  return new BlockSpec("blocks", i / 2, b.build());
                }
                b.add(TensorSpec.of("extra", TensorType.F16, VALUES));
                return new BlockSpec("side_blocks", i / 2, b.build());
              })
          .toList();

  private StreamedBlocks open(WeightReader reader, Placement placement) throws IOException {
    return new StreamedBlocks(backend, SPECS, reader, upload, placement);
  }

  /** A block's place, told by the name of one of its weights. */
  private static int position(String name) {
    return IntStream.range(0, BLOCKS)
        .filter(i -> name.startsWith(SPECS.get(i).prefix()))
        .findFirst()
        .orElseThrow();
  }

  /** Fills block i with i + 1. */
  private static WeightReader reader(IntConsumer onRead) {
    return new WeightReader() {
      @Override
      public void read(TensorSpec spec, long address) throws IOException {
        int block = position(spec.name());
        try {
          onRead.accept(block);
        } catch (UncheckedIOException e) {
          throw e.getCause();
        }
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

  private static WeightReader reader() {
    return reader(block -> {});
  }

  private static void assertHolds(WeightSet set, int block) {
    float[] values = set.get("w").toFloats();
    assertThat(values).hasSize(VALUES).containsOnly(block + 1f);
  }

  @ParameterizedTest
  @CsvSource({"0,1", "0,2", "0,3", "3,2", "5,1", "6,1", "4,3"})
  void deliversEveryBlockInOrderAgainAndAgain(int resident, int slots) throws IOException {
    Placement placement = new Placement(BLOCKS, resident, slots);
    List<BlockSpec> streamed = placement.streamed(SPECS);
    try (StreamedBlocks blocks = open(reader(), placement)) {
      for (int round = 0; round < 3; round++) {
        List<BlockSpec> visited = new ArrayList<>();
        blocks.forEach(
            (block, position, weights) -> {
              assertHolds(weights, position);
              visited.add(block);
            });
        assertThat(visited).isEqualTo(SPECS);
      }
      assertThat(blocks.uploadedBytes()).isPositive();
      BufferType type = backend.device().bufferType();
      long expected = slots * StreamedBlocks.slotBytes(type, streamed);
      for (BlockSpec block : SPECS) {
        if (!streamed.contains(block)) {
          expected += block.layout().bytes(type);
        }
      }
      assertThat(backend.deviceMemory().peakBytes()).isEqualTo(expected);
    }
    assertThat(backend.deviceMemory().currentBytes()).isZero();
  }

  @Test
  void aStopEndsLoadingBetweenBlocks() throws IOException {
    AtomicInteger reads = new AtomicInteger();
    WeightReader stopping =
        reader(
            block -> {
              reads.incrementAndGet();
              if (block == 2) {
                backend.requestStop();
              }
            });
    assertThatThrownBy(() -> open(stopping, Placement.allResident(BLOCKS)))
        .isInstanceOfSatisfying(
            GgmlException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ABORTED));
    assertThat(reads).hasValue(4);
    backend.clearStop();
    try (StreamedBlocks blocks = open(reader(), Placement.allStreamed(BLOCKS, 1))) {
      assertHolds(blocks.acquire(SPECS.get(0)), 0);
      backend.requestStop();
      blocks.release(SPECS.get(0));
      assertThatThrownBy(() -> blocks.acquire(SPECS.get(1)))
          .isInstanceOfSatisfying(
              GgmlException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ABORTED));
    }
  }

  @Test
  void servesAnyOrder() throws IOException {
    try (StreamedBlocks blocks = open(reader(), new Placement(BLOCKS, 2, 2))) {
      for (int i : new int[] {5, 0, 6, 6, 1, 3, 2, 4, 0, 1, 2, 3, 4, 5, 6}) {
        assertHolds(blocks.acquire(SPECS.get(i)), i);
        blocks.release(SPECS.get(i));
      }
    }
  }

  @Test
  void residentBlocksAreReadOnce() throws IOException {
    AtomicInteger reads = new AtomicInteger();
    WeightReader counting = reader(block -> reads.addAndGet(block == 3 ? 1 : 0));
    Placement placement = new Placement(BLOCKS, 6, 1);
    assertThat(placement.streamed(SPECS)).containsExactly(SPECS.get(0));
    try (StreamedBlocks blocks = open(counting, placement)) {
      for (int round = 0; round < 3; round++) {
        blocks.acquire(SPECS.get(3));
        blocks.release(SPECS.get(3));
      }
      assertThat(reads).hasValue(2);
    }
  }

  @Test
  void aReadErrorReachesTheCallerAndLeavesTheRestUsable() throws IOException {
    WeightReader broken =
        reader(
            block -> {
              if (block == 4) {
                throw new UncheckedIOException(new IOException("block is damaged"));
              }
            });
    try (StreamedBlocks blocks = open(broken, Placement.allStreamed(BLOCKS, 2))) {
      assertHolds(blocks.acquire(SPECS.get(0)), 0);
      blocks.release(SPECS.get(0));
      assertThatThrownBy(() -> blocks.acquire(SPECS.get(4)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("damaged");
      assertHolds(blocks.acquire(SPECS.get(5)), 5);
      blocks.release(SPECS.get(5));
    }
  }

  @Test
  void aBudgetTooSmallForTheSlotsIsRefusedWithoutLeaks() {
    backend.deviceMemory().limit(VALUES * 4);
    assertThatThrownBy(() -> open(reader(), Placement.allStreamed(BLOCKS, 2)))
        .isInstanceOf(DeviceMemoryException.class);
    assertThat(backend.deviceMemory().currentBytes()).isZero();
  }

  @Test
  void streamedBlocksAreSpreadEvenly() {
    List<Integer> forty = IntStream.range(0, 40).boxed().toList();
    assertThat(new Placement(40, 30, 2).streamed(forty))
        .containsExactly(0, 4, 8, 12, 16, 20, 24, 28, 32, 36);
    assertThat(Placement.allResident(40).streamed(forty)).isEmpty();
    assertThat(Placement.allStreamed(1, 2)).isEqualTo(Placement.allResident(1));
    assertThatThrownBy(() -> Placement.allResident(5).streamed(forty))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Placement(5, 5, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Placement(5, 2, 4)).isInstanceOf(IllegalArgumentException.class);
  }
}
