// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/** What holds for a parser whatever bytes it gets. */
public final class FuzzBounds {
  /** Parsers have buffers of fixed size, and messages. */
  private static final long FIXED_BYTES = 1 << 20;

  /** Java objects take more than their encoding: a tensor of 24 bytes becomes about 300. */
  private static final long BYTES_PER_INPUT_BYTE = 64;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Reads everything there is in an input. */
  public interface Parser {
    void parse(MappedFile file) throws WeightFormatException;
  }

  private FuzzBounds() {}

  /**
   * Only {@link WeightFormatException} may come out, and what is allocated is bounded by the
   * input's length, not by what the input claims.
   */
  public static void check(byte[] input, Parser parser) {
    long bound = FIXED_BYTES + BYTES_PER_INPUT_BYTE * input.length;
    long allocated = allocatedBy(input, parser);
    if (allocated >= bound) {
      // The first time may also have loaded classes.
      allocated = allocatedBy(input, parser);
    }
    assertThat(allocated).as("bytes allocated for an input of %d", input.length).isLessThan(bound);
  }

  private static long allocatedBy(byte[] input, Parser parser) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    try {
      parser.parse(MappedFile.inMemory(Path.of("fuzz"), input));
    } catch (WeightFormatException e) {
      assertThat(e).hasMessageStartingWith("fuzz: ");
    }
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }

  /** Reads all bytes of all tensors, and their elements where they are plain. */
  public static void readTensors(WeightSource source) throws WeightFormatException {
    for (WeightTensor tensor : source.tensors()) {
      assertThat(source.require(tensor.name())).isSameAs(tensor);
      assertThat(tensor.buffer().remaining()).isEqualTo((int) tensor.byteLength());
      assertThat(tensor.shape().elements()).isEqualTo(tensor.storedShape().elements());
      if (!tensor.type().isQuantized()) {
        assertThat(tensor.toFloats()).hasSize((int) tensor.elements());
      }
    }
  }
}
