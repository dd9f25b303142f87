// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * How the tokens of a clip are cut into chunks. Immutable.
 *
 * @param tokens rows in all
 * @param rows rows of a chunk, a multiple of 64
 */
public record RowChunks(int tokens, int rows) {
  /**
   * Chunks are multiples of this, and a shorter remainder joins the chunk before it: the CPU's
   * flash attention accumulates otherwise below 64 query rows, and its matrix kernels work on
   * blocks of rows.
   */
  public static final int GRANULE = 64;

  /** Rows {@code start} to {@code end}, exclusive. */
  public record Chunk(int start, int end) {
    public int size() {
      return end - start;
    }
  }

  public RowChunks {
    if (tokens < 1 || rows < GRANULE || rows % GRANULE != 0) {
      throw new IllegalArgumentException(
          "chunks of "
              + rows
              + " rows for "
              + tokens
              + " tokens; they are multiples of "
              + GRANULE);
    }
  }

  /** Everything in one chunk. */
  public static RowChunks whole(int tokens) {
    return new RowChunks(tokens, Math.max(GRANULE, (tokens + GRANULE - 1) / GRANULE * GRANULE));
  }

  public List<Chunk> chunks() {
    List<Chunk> chunks = new ArrayList<>();
    int start = 0;
    while (start < tokens) {
      int end = Math.min(tokens, start + rows);
      if (tokens - end < GRANULE) {
        end = tokens;
      }
      chunks.add(new Chunk(start, end));
      start = end;
    }
    return List.copyOf(chunks);
  }

  /** One chunk of every size there is: the first, and the last if it is of another size. */
  public List<Chunk> distinct() {
    Chunk last = last();
    return last.start() == 0 || last.size() == rows
        ? List.of(new Chunk(0, last.start() == 0 ? tokens : rows))
        : List.of(new Chunk(0, rows), last);
  }

  private Chunk last() {
    int full = tokens / rows;
    boolean joined = tokens - full * rows < GRANULE;
    return new Chunk(Math.max(0, joined ? full - 1 : full) * rows, tokens);
  }

  /** Rows of the largest chunk. */
  public int largest() {
    return distinct().stream().mapToInt(Chunk::size).max().orElseThrow();
  }
}
