// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import static dev.wanlet.wan.model.transformer.WanConfig.HEAD_DIM;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Buffer;
import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorArena;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.nn.RotaryEmbedding3d;
import java.util.ArrayList;
import java.util.List;

/**
 * Owner: the tensors that live through a whole clip: the residual streams and those of the control
 * branch, self-attention's keys and values, the keys and values of prompts and pictures in every
 * block, timestep embedding and positions. Everything else exists for one chunk only. Confined to
 * one thread.
 */
final class WanState implements AutoCloseable {
  final Tensor[] x;
  final Tensor[] control;
  final Tensor controlStrength;
  final Tensor keys;
  final Tensor values;
  final Tensor timeEmbedding;
  final Tensor timeProjection;
  final Tensor[] positions = new Tensor[RotaryEmbedding3d.AXES];
  final Tensor rowTimesteps;
  final Tensor[] context;
  final Tensor[] mask;
  private final Tensor[][] textKeys;
  private final Tensor[][] textValues;
  final Tensor pictures;
  private final Tensor[] pictureKeys;
  private final Tensor[] pictureValues;

  private final WanRun run;
  private final TensorArena arena;
  private final List<Tensor> all = new ArrayList<>();
  private Buffer buffer;

  /**
   * Describes the tensors; {@link #place} or {@link #pretend} must follow.
   *
   * @param blocks how many blocks attend to the prompts
   */
  WanState(WanConfig config, WanRun run, int blocks) {
    this.run = run;
    int prompts = run.prompts().size();
    int tokens = run.grid().tokens();
    TensorType kv = run.keyType();
    int keptBlocks = run.keepsTextKeys() ? blocks : 1;
    arena = TensorArena.forTensors(16 + 4 * prompts + 2 * (prompts + 1) * keptBlocks);
    x = new Tensor[run.streams()];
    for (int i = 0; i < x.length; i++) {
      x[i] = make("x." + i, TensorType.F32, tokens, config.dim());
    }
    control = new Tensor[config.controlBlocks() > 0 ? x.length : 0];
    for (int i = 0; i < control.length; i++) {
      control[i] = make("control." + i, TensorType.F32, tokens, config.dim());
    }
    controlStrength = control.length > 0 ? make("control_strength", TensorType.F32, 1) : null;
    keys = make("keys", kv, config.heads(), tokens, HEAD_DIM);
    values = make("values", kv, config.heads(), tokens, HEAD_DIM);
    timeEmbedding = make("time.e", TensorType.F32, 1, run.timesteps(), config.dim());
    timeProjection = make("time.e0", TensorType.F32, 6, run.timesteps(), config.dim());
    for (int i = 0; i < positions.length; i++) {
      positions[i] = make("position." + i, TensorType.I32, tokens);
    }
    rowTimesteps = run.timesteps() > 1 ? make("row_timesteps", TensorType.I32, tokens) : null;
    context = new Tensor[prompts];
    mask = new Tensor[prompts];
    textKeys = new Tensor[prompts][keptBlocks];
    textValues = new Tensor[prompts][keptBlocks];
    for (int p = 0; p < prompts; p++) {
      PromptRows prompt = run.prompts().get(p);
      context[p] = make("context." + p, TensorType.F32, prompt.embedded(), config.dim());
      if (prompt.needsMask()) {
        mask[p] = make("mask." + p, TensorType.F16, run.chunks().largest(), prompt.keys());
      }
      for (int b = 0; b < keptBlocks; b++) {
        String name = p + "." + b;
        textKeys[p][b] = make("text_keys." + name, kv, config.heads(), prompt.keys(), HEAD_DIM);
        textValues[p][b] = make("text_values." + name, kv, config.heads(), prompt.keys(), HEAD_DIM);
      }
    }
    int seen = config.imageTokens();
    pictures = seen > 0 ? make("pictures", TensorType.F32, seen, config.dim()) : null;
    pictureKeys = new Tensor[seen > 0 ? keptBlocks : 0];
    pictureValues = new Tensor[pictureKeys.length];
    for (int b = 0; b < pictureKeys.length; b++) {
      pictureKeys[b] = make("picture_keys." + b, kv, config.heads(), seen, HEAD_DIM);
      pictureValues[b] = make("picture_values." + b, kv, config.heads(), seen, HEAD_DIM);
    }
  }

  /** The prompt's keys in a block, [H, N, 128]; blocks share them where they are not kept. */
  Tensor textKeys(int prompt, int block) {
    return textKeys[prompt][run.keepsTextKeys() ? block : 0];
  }

  /** The prompt's values in a block, likewise. */
  Tensor textValues(int prompt, int block) {
    return textValues[prompt][run.keepsTextKeys() ? block : 0];
  }

  /** The pictures' keys in a block, [H, N, 128], shared where those of prompts are. */
  Tensor pictureKeys(int block) {
    return pictureKeys[run.keepsTextKeys() ? block : 0];
  }

  /** The pictures' values in a block, likewise. */
  Tensor pictureValues(int block) {
    return pictureValues[run.keepsTextKeys() ? block : 0];
  }

  private Tensor make(String name, TensorType type, long... shape) {
    Tensor tensor = arena.tensor(name, type, Shape.of(shape));
    all.add(tensor);
    return tensor;
  }

  /** Exact bytes of the buffer for these tensors. */
  long bytes(BufferType type) {
    long end = 0;
    for (Tensor tensor : all) {
      end = type.align(end) + type.allocationBytes(tensor);
    }
    return type.align(end);
  }

  /** For measuring graphs only. */
  WanState pretend() {
    all.forEach(Tensor::pretendPlaced);
    return this;
  }

  /** Takes the memory and fills in what never changes: positions and masks. */
  WanState place(Backend backend) {
    buffer = backend.allocate(bytes(backend.device().bufferType()));
    all.forEach(buffer::place);
    TokenGrid grid = run.grid();
    int[][] axes = RotaryEmbedding3d.positions(grid.frames(), grid.rows(), grid.columns());
    for (int i = 0; i < positions.length; i++) {
      positions[i].set(axes[i]);
    }
    for (int p = 0; p < mask.length; p++) {
      if (mask[p] != null) {
        fillMask(mask[p], run.prompts().get(p).maskRow());
      }
    }
    return this;
  }

  private static void fillMask(Tensor mask, float[] row) {
    long rowBytes = TensorType.F16.bytes(row.length);
    try (HostMemory floats = new HostMemory(4L * row.length);
        HostMemory halves = new HostMemory(rowBytes)) {
      floats.view(0, 4 * row.length).asFloatBuffer().put(row);
      Quantization.quantize(TensorType.F16, floats.address(), halves.address(), 1, row.length, 0);
      for (long r = 0; r < mask.dim(0); r++) {
        mask.setFrom(halves.address(), r * rowBytes, rowBytes);
      }
    }
  }

  @Override
  public void close() {
    arena.close();
    if (buffer != null) {
      buffer.close();
    }
  }
}
