// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.lora.LoraMatch;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Delivers a network's weights with what adapters add to them, and the adapters' own. Thread-safe.
 */
record AdaptedReader(WeightReader plain, NetworkAdapters adapters) implements WeightReader {
  @Override
  public Optional<Parts> asStored(TensorSpec spec) throws IOException {
    SidePath.Weight weight = SidePath.weight(spec.name());
    if (weight == null) {
      return adapters.differences(spec.name()).isEmpty() ? plain.asStored(spec) : Optional.empty();
    }
    return weight.part() == SidePath.Part.SCALE
        ? Optional.empty()
        : SourceReader.asStored(tensor(weight), spec);
  }

  @Override
  public void read(TensorSpec spec, long address) throws IOException {
    SidePath.Weight weight = SidePath.weight(spec.name());
    if (weight == null) {
      readChanged(spec, address);
    } else if (weight.part() == SidePath.Part.SCALE) {
      try (HostMemory floats = new HostMemory(4 * spec.shape().elements())) {
        FloatBuffer values = floats(floats);
        while (values.hasRemaining()) {
          values.put((float) change(weight).scale());
        }
        HostMemory.copy(floats.address(), address, floats.bytes());
      }
    } else {
      SourceReader.read(tensor(weight), spec, address);
    }
  }

  private LoraMatch.LowRank change(SidePath.Weight weight) {
    return adapters.paths(weight.module()).get(weight.number());
  }

  private WeightTensor tensor(SidePath.Weight weight) {
    LoraMatch.LowRank change = change(weight);
    return weight.part() == SidePath.Part.DOWN ? change.down() : change.up();
  }

  private void readChanged(TensorSpec spec, long address) throws IOException {
    List<LoraMatch.Difference> differences = adapters.differences(spec.name());
    if (differences.isEmpty()) {
      plain.read(spec, address);
      return;
    }
    TensorSpec wide =
        new TensorSpec(
            spec.name(), TensorType.F32, spec.shape(), spec.sourceShape(), spec.transform());
    try (HostMemory floats = new HostMemory(4 * spec.shape().elements())) {
      plain.read(wide, floats.address());
      for (LoraMatch.Difference difference : differences) {
        float scale = (float) difference.scale();
        float[] change = difference.difference().toFloats();
        FloatBuffer values = floats(floats);
        for (int i = 0; i < change.length; i++) {
          values.put(i, values.get(i) + scale * change[i]);
        }
      }
      SourceReader.narrow(spec, floats, address);
    }
  }

  private static FloatBuffer floats(HostMemory memory) {
    return memory.view(0, Math.toIntExact(memory.bytes())).asFloatBuffer();
  }
}
