// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.nio.ByteOrder;

/**
 * The rows of a token table, gathered on the host: of umT5's 2 GB only those of the prompt's tokens
 * are ever read. A view of the table; valid while its source is open. Thread-safe.
 */
public final class TokenEmbedding {
  private final WeightTensor table;
  private final int vocab;
  private final int dim;

  /**
   * Takes a table of any stored type.
   *
   * @param table [vocab, dim]
   * @throws WeightFormatException if it is not a matrix, its rows are stored in another shape, or
   *     its type is not one of weights
   */
  public TokenEmbedding(WeightTensor table) throws WeightFormatException {
    if (table.shape().rank() != 2 || !table.shape().equals(table.storedShape())) {
      throw new WeightFormatException(
          table.file(), "tensor '" + table.name() + "' is not a table of rows: " + table.shape());
    }
    SourceReader.requireReadable(table);
    this.table = table;
    this.vocab = Math.toIntExact(table.shape().dim(0));
    this.dim = Math.toIntExact(table.shape().dim(1));
  }

  public int vocab() {
    return vocab;
  }

  public int dim() {
    return dim;
  }

  /**
   * The rows of some tokens, widened to float.
   *
   * @return [ids.length, dim]
   * @throws IllegalArgumentException if an id is not in [0, vocab)
   * @throws IOException if the table cannot be read any more
   */
  public float[] rows(int[] ids) throws IOException {
    float[] rows = new float[Math.multiplyExact(ids.length, dim)];
    for (int id : ids) {
      if (id < 0 || id >= vocab) {
        throw new IllegalArgumentException(
            "token id " + id + " is not in the vocabulary of " + vocab + " (" + table.name() + ")");
      }
    }
    if (table.type().isQuantized()) {
      dequantize(ids, rows);
    } else {
      for (int i = 0; i < ids.length; i++) {
        table.readFloats((long) ids[i] * dim, rows, i * dim, dim);
      }
    }
    return rows;
  }

  private void dequantize(int[] ids, float[] rows) throws IOException {
    TensorType type = table.type().tensorType().orElseThrow();
    long rowBytes = type.bytes(dim);
    // A buffer of one row: rows in a file need not be aligned as ggml's kernels want them.
    try (HostMemory stored = new HostMemory(rowBytes);
        HostMemory wide = new HostMemory(4L * dim)) {
      for (int i = 0; i < ids.length; i++) {
        table.read(ids[i] * rowBytes, rowBytes, stored.address());
        Quantization.dequantize(type, stored.address(), wide.address(), dim);
        wide.view(0, 4 * dim)
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer()
            .get(rows, i * dim, dim);
      }
    }
  }
}
