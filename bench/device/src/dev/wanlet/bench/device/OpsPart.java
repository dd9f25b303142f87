// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * Every operation of Wan's graphs at the width of the real models: whether the device has it, and
 * whether it computes what the CPU computes from the same random input.
 */
final class OpsPart implements Part {
  /** The types of weights that files hold, and that weights are widened to. */
  static final List<TensorType> WEIGHT_TYPES =
      List.of(
          TensorType.BF16,
          TensorType.Q8_0,
          TensorType.Q4_K,
          TensorType.Q6_K,
          TensorType.Q5_K,
          TensorType.Q4_0,
          TensorType.Q5_0,
          TensorType.Q3_K,
          TensorType.Q2_K,
          TensorType.F16,
          TensorType.F32);

  @Override
  public String id() {
    return "ops";
  }

  @Override
  public void run(Kit kit) {
    for (OpCase test : cases(kit.small())) {
      kit.measure(id(), test.name(), () -> compare(kit.device(), test));
    }
    kit.log()
        .notRun(id(), "im2col_3d", "no graph of this version uses it: frames are convolved singly");
  }

  private static List<OpCase> cases(boolean small) {
    BlockOps block =
        small ? new BlockOps(256, 512, 70, 70, 20) : new BlockOps(5120, 13824, 192, 4096, 512);
    OtherOps other = small ? new OtherOps(16, 9, 11, 20) : new OtherOps(384, 60, 104, 512);
    List<OpCase> cases = new ArrayList<>(block.elementwise());
    cases.addAll(block.attention(TensorType.F16));
    cases.addAll(block.attention(TensorType.F32));
    WEIGHT_TYPES.forEach(type -> cases.addAll(block.products(type)));
    cases.addAll(other.all());
    return cases;
  }

  private static Facts compare(Device device, OpCase test) {
    float[] actual = once(device, test);
    float[] expected = once(Device.cpu(), test);
    double error = 0;
    double power = 0;
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = (double) actual[i] - expected[i];
      error += difference * difference;
      power += (double) expected[i] * expected[i];
      largest = Math.max(largest, Math.abs(difference));
    }
    double nmse = error / power;
    return new Facts()
        .put("nmse", nmse)
        .put("bound", test.nmse())
        .put("max_abs", largest)
        .require(actual.length == expected.length && nmse <= test.nmse());
  }

  private static float[] once(Device device, OpCase test) {
    try (OpRun run = new OpRun(device, test)) {
      run.compute();
      return run.result();
    }
  }
}
