// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowChunksTest {
  @ParameterizedTest
  @ValueSource(
      ints = {1, 2, 63, 64, 65, 127, 128, 129, 191, 192, 193, 255, 256, 257, 319, 320, 1000, 32760})
  void chunksCoverAllTokensAndAreSummedUpByTheirKinds(int tokens) {
    for (int rows = 64; rows <= 512; rows += 64) {
      RowChunks chunks = new RowChunks(tokens, rows);
      List<RowChunks.Chunk> all = chunks.chunks();
      int next = 0;
      for (RowChunks.Chunk chunk : all) {
        assertThat(chunk.start()).isEqualTo(next);
        assertThat(chunk.size()).isGreaterThanOrEqualTo(Math.min(tokens, 64));
        next = chunk.end();
      }
      assertThat(next).isEqualTo(tokens);
      assertThat(all).containsAll(chunks.distinct());
      assertThat(chunks.distinct().stream().map(RowChunks.Chunk::size))
          .containsExactlyElementsOf(all.stream().map(RowChunks.Chunk::size).distinct().toList());
      assertThat(chunks.largest())
          .isEqualTo(all.stream().mapToInt(RowChunks.Chunk::size).max().orElseThrow());
    }
  }

  @Test
  void theLargestClipsTakeNoLists() {
    RowChunks huge = new RowChunks(Integer.MAX_VALUE, 64);
    assertThat(huge.distinct()).hasSize(2);
    assertThat(huge.largest()).isEqualTo(127);
  }
}
