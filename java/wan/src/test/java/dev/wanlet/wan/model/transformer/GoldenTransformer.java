// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What tests share that run the transformer of the golden text-to-video tensors on random input.
 */
abstract class GoldenTransformer {
  static final Path GOLDEN = Path.of("src/test/resources/golden");

  Backend backend;
  WeightSource weights;
  private final Random random;
  private int liveBefore;

  /**
   * @param seed of the random input
   */
  GoldenTransformer(long seed) {
    random = new Random(seed);
  }

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    backend = Backend.open(Device.cpu());
    backend.setThreads(1);
    weights = SafetensorsFile.open(GOLDEN.resolve("dit-t2v/weights.safetensors"));
  }

  @AfterEach
  void nothingLeaks() {
    weights.close();
    backend.close();
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  float[] randoms(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  WanTransformer load(IntFunction<Placement> placement) throws IOException {
    return WanTransformer.open(
        backend, weights, WanConfig.infer(weights), Precision.AUTO, placement);
  }
}
