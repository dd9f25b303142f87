// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import java.util.List;

/**
 * Self-attention at the lengths of real clips: its time and share of the card's peak, and its error
 * against a softmax in double precision on keys and values with a large mean, with and without the
 * exact remedies: subtracting the keys' mean, which no softmax sees, and the values' mean, which is
 * added to the result.
 */
final class AttentionPart implements Part {
  private static final long DIM = 5120;
  private static final long CHUNK = 4096;
  private static final int HEADS = 2;

  @Override
  public String id() {
    return "attention";
  }

  @Override
  public void run(Kit kit) {
    // 832x480 and 1280x720, 81 frames
    for (int length : kit.small() ? new int[] {500} : new int[] {32760, 75600}) {
      kit.measure(id(), "time at " + length + " tokens", () -> time(kit, length));
      for (TensorType type : List.of(TensorType.F16, TensorType.F32)) {
        AttentionInput input = AttentionInput.draw(kit.small() ? 64 : 128, HEADS, length);
        float[] expected = input.expected();
        for (boolean keys : new boolean[] {false, true}) {
          for (boolean values : new boolean[] {false, true}) {
            kit.measure(
                id(),
                String.format(
                    "error at %d tokens, %s%s%s",
                    length,
                    type,
                    keys ? ", keys without mean" : "",
                    values ? ", values without mean" : ""),
                () -> error(kit.device(), input, expected, type, keys, values));
          }
        }
      }
    }
  }

  private static OpCase selfAttention(long dim, long rows, long length, TensorType type) {
    return new BlockOps(dim, dim, rows, length, 1).attention(type).get(0);
  }

  private static Facts time(Kit kit, int length) {
    long dim = kit.small() ? 256 : DIM;
    long rows = kit.small() ? length : CHUNK;
    OpCase test = selfAttention(dim, rows, length, TensorType.F16);
    try (OpRun run = new OpRun(kit.device(), test)) {
      double seconds = run.seconds();
      double rate = test.flops() / seconds;
      Double peak = CardPeak.flops(kit.device().description());
      return new Facts()
          .put("rows", rows)
          .put("dim", dim)
          .put("seconds", seconds)
          .put("seconds_of_a_pass", seconds * length / rows)
          .put("flops_per_second", rate)
          .put("share_of_peak", peak == null ? null : rate / peak);
    }
  }

  private static Facts error(
      Device device,
      AttentionInput input,
      float[] expected,
      TensorType type,
      boolean keysCentred,
      boolean valuesCentred) {
    float[] keyMeans = input.means(input.keys());
    float[] valueMeans = input.means(input.values());
    float[] keys = keysCentred ? input.without(input.keys(), keyMeans) : input.keys();
    float[] values = valuesCentred ? input.without(input.values(), valueMeans) : input.values();
    OpCase test =
        selfAttention((long) HEADS * BlockOps.HEAD_DIM, input.rows(), input.length(), type);
    float[] actual;
    try (OpRun run = new OpRun(device, test, t -> fill(t, input.queries(), keys, values))) {
      run.compute();
      actual = run.result();
    }
    double error = 0;
    double signal = 0;
    double largest = 0;
    for (int i = 0; i < actual.length; i++) {
      float mean = valueMeans[i % valueMeans.length];
      double difference = (double) actual[i] + (valuesCentred ? mean : 0) - expected[i];
      error += difference * difference;
      signal += Math.pow((double) expected[i] - mean, 2);
      largest = Math.max(largest, Math.abs(difference));
    }
    return new Facts()
        .put("nmse_of_signal", error / signal)
        .put("max_abs", largest)
        .put("note", "the signal is what differs from the values' mean")
        .require(Double.isFinite(error));
  }

  private static void fill(List<Tensor> operands, float[]... values) {
    for (int i = 0; i < values.length; i++) {
      AttentionInput.upload(operands.get(i), values[i]);
    }
  }
}
