// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.checkpoint.WeightFiles;
import dev.wanlet.weights.write.GgufWriter;
import dev.wanlet.weights.write.SafetensorsWriter;
import dev.wanlet.weights.write.WeightWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * Opening a checkpoint of 1,000 tensors: parsing the header and mapping the file. The tensors are
 * small, because opening reads none of them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1) // the JIT compiles the parser
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class CheckpointOpenBenchmark {
  private static final int TENSORS = 1000;
  private static final Shape SHAPE = Shape.of(16, 32);

  /** The file's format. */
  public enum Format {
    GGUF,
    SAFETENSORS
  }

  @Param({"GGUF", "SAFETENSORS"})
  public Format format;

  private Path file;

  @Setup(Level.Trial)
  public void write() throws IOException {
    file = Files.createTempFile("wanlet-bench", format == Format.GGUF ? ".gguf" : ".safetensors");
    try (WeightWriter writer = writer();
        HostMemory zeros = new HostMemory(TensorType.F16.bytes(SHAPE))) {
      for (int i = 0; i < TENSORS; i++) {
        writer.declare(name(i), StoredType.F16, SHAPE);
      }
      for (int i = 0; i < TENSORS; i++) {
        writer.append(name(i), zeros.address(), zeros.bytes());
      }
      writer.commit();
    }
  }

  private WeightWriter writer() throws IOException {
    return format == Format.GGUF ? GgufWriter.create(file) : SafetensorsWriter.create(file);
  }

  private static String name(int i) {
    return "blocks." + i / 10 + ".self_attn.part" + i % 10 + ".weight";
  }

  @TearDown(Level.Trial)
  public void delete() throws IOException {
    Files.delete(file);
  }

  @Benchmark
  public int open() throws IOException {
    try (WeightSource source = WeightFiles.open(file)) {
      int count = source.tensors().size();
      if (count != TENSORS || !source.require(name(TENSORS - 1)).shape().equals(SHAPE)) {
        throw new IllegalStateException("the file has " + count + " tensors, not " + TENSORS);
      }
      return count;
    }
  }
}
