// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import dev.wanlet.bench.models.RandomWeights;
import dev.wanlet.ggml.BufferType;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Quantization;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The matrix product that most of a block consists of: the first layer of the 1.3B model's
 * feed-forward network, [rows, 1536] by [8960, 1536].
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1) // memory is touched and worker threads are started
@Measurement(iterations = 5, time = 2) // about ten products each
@Fork(2)
public class MatmulBenchmark {
  private static final int COLUMNS = 1536;
  private static final int OUT = 8960;
  private static final double BOUND = 0.05; // a wrong kernel is off by the whole value

  private static final String REPACKED = "/repacked";

  /** The weight's type, and whether it lies in the CPU's repacking buffer type. */
  @Param({
    "F32",
    "F16",
    "BF16",
    "Q8_0",
    "Q4_0",
    "IQ4_NL",
    "Q4_K",
    "Q5_K",
    "Q6_K",
    "Q4_0/repacked",
    "IQ4_NL/repacked",
    "Q4_K/repacked"
  })
  public String weight;

  /** Whether the graph widens the weight to BF16 first; for quantised types in ordinary memory. */
  @Param("false")
  public boolean widen;

  @Param("768")
  public int rows;

  /** Worker threads; 0 is one for each processor. */
  @Param("0")
  public int threads;

  private TensorType type;
  private GraphRun run;

  @Setup(Level.Trial)
  public void open() {
    type = TensorType.parse(weight.replace(REPACKED, ""));
    run = new GraphRun(threads);
    Tensor w = run.weight(place(), type, OUT, COLUMNS);
    Tensor x = run.values(TensorType.F32, 2, rows, COLUMNS);
    run.build(g -> g.matmul(widen ? g.widen(w) : w, x));
    run.run();
    check(Results.plausible(run.result()));
  }

  private BufferType place() {
    if (!weight.endsWith(REPACKED)) {
      return run.device().bufferType();
    }
    return run.device().extraBufferTypes().stream()
        .filter(t -> t.name().equals("CPU_REPACK"))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("this CPU backend repacks nothing"));
  }

  // A few outputs against a product of the widened weight in Java.
  private void check(float[] product) {
    float[] x = RandomWeights.normal(rows * COLUMNS, 2);
    int columnsOut = 64;
    float[] widened = new float[columnsOut * COLUMNS];
    RandomWeights weights = new RandomWeights(1);
    try (HostMemory stored = new HostMemory(type.bytes(widened.length));
        HostMemory floats = new HostMemory(4L * widened.length)) {
      weights.fill(type, stored.address(), stored.bytes(), 0);
      Quantization.dequantize(type, stored.address(), floats.address(), widened.length);
      floats.view(0, 4 * widened.length).asFloatBuffer().get(widened);
    }
    float[] expected = new float[columnsOut];
    float[] actual = new float[columnsOut];
    int row = rows - 1;
    for (int o = 0; o < columnsOut; o++) {
      double sum = 0;
      for (int k = 0; k < COLUMNS; k++) {
        sum += (double) x[row * COLUMNS + k] * widened[o * COLUMNS + k];
      }
      expected[o] = (float) sum;
      actual[o] = product[row * OUT + o];
    }
    Results.close(actual, expected, BOUND);
  }

  @TearDown(Level.Trial)
  public void close() {
    run.close();
  }

  @Benchmark
  public void multiply() {
    run.run();
  }
}
