// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import dev.wanlet.bench.models.RandomWeights;
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
 * Flash attention of the 1.3B model's 12 heads of 128 channels: the part of a block that grows with
 * the square of the tokens. {@code kv} is the type of keys and values.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1) // memory is touched and worker threads are started
@Measurement(iterations = 5, time = 2)
@Fork(2)
public class SelfAttentionBenchmark {
  private static final int HEADS = 12;
  private static final int HEAD_DIM = 128;
  private static final double BOUND = 5e-3; // F16 keys and values round at 5e-4

  @Param({"F32", "F16"})
  public TensorType kv;

  @Param({"768", "2048"})
  public int tokens;

  /** Worker threads; 0 is one for each processor. */
  @Param("0")
  public int threads;

  private GraphRun run;

  @Setup(Level.Trial)
  public void open() {
    run = new GraphRun(threads);
    // queries as the graphs have them: head by head within a row
    Tensor q = run.values(TensorType.F32, 1, tokens, HEADS, HEAD_DIM);
    Tensor k = run.values(kv, 2, HEADS, tokens, HEAD_DIM);
    Tensor v = run.values(kv, 3, HEADS, tokens, HEAD_DIM);
    float scale = (float) (1 / Math.sqrt(HEAD_DIM));
    run.build(g -> g.flashAttention(g.permute(q, 1, 0, 2), k, v, null, scale));
    run.run();
    check(Results.plausible(run.result()), scale);
  }

  // The last head of the last query against a softmax in Java.
  private void check(float[] result, float scale) {
    int values = HEADS * tokens * HEAD_DIM;
    float[] q = RandomWeights.normal(values, 1);
    float[] k = RandomWeights.normal(values, 2);
    float[] v = RandomWeights.normal(values, 3);
    int query = values - HEAD_DIM;
    int head = (HEADS - 1) * tokens * HEAD_DIM;
    double total = 0;
    double[] sums = new double[HEAD_DIM];
    for (int t = 0; t < tokens; t++) {
      double score = 0;
      for (int d = 0; d < HEAD_DIM; d++) {
        score += (double) q[query + d] * k[head + t * HEAD_DIM + d];
      }
      double weight = Math.exp(score * scale);
      total += weight;
      for (int d = 0; d < HEAD_DIM; d++) {
        sums[d] += weight * v[head + t * HEAD_DIM + d];
      }
    }
    float[] expected = new float[HEAD_DIM];
    for (int d = 0; d < HEAD_DIM; d++) {
      expected[d] = (float) (sums[d] / total);
    }
    Results.close(java.util.Arrays.copyOfRange(result, query, values), expected, BOUND);
  }

  @TearDown(Level.Trial)
  public void close() {
    run.close();
  }

  @Benchmark
  public void attend() {
    run.run();
  }
}
