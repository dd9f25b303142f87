// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import dev.wanlet.bench.models.RandomWeights;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.HostMemory;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.transformer.WanVariant;
import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.NetworkWeights;
import dev.wanlet.wan.nn.Placement;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.StreamedBlocks;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightLayout;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.gguf.GgufFile;
import dev.wanlet.weights.recipe.Recipes;
import dev.wanlet.weights.write.GgufWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
 * Filling a slot with one block of the 1.3B model from a mapped GGUF file, which the streamer must
 * hide behind computing, beside a plain sequential read of as many bytes. The file is in the page
 * cache: what is timed is the copy, not the disk.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1) // brings the file into the page cache
@Measurement(iterations = 5, time = 2)
@Fork(2)
public class BlockUploadBenchmark {
  private static final int BLOCKS = 4; // more than slots, so that every block is loaded anew

  @Param({"Q4_K", "Q8_0", "F16"})
  public String type;

  private Path file;
  private Backend backend;
  private GgufFile source;
  private NetworkWeights weights;
  private StreamedBlocks blocks;
  private long blockBytes;
  private FileChannel channel;
  private ByteBuffer target;
  private int next;

  @Setup(Level.Trial)
  public void open() throws IOException {
    Device cpu = Device.cpu();
    backend = Backend.open(cpu);
    WanConfig config = new WanConfig(WanVariant.T2V, 16, 16, 1536, 8960, 256, 4096, BLOCKS);
    TypePolicy types =
        SourceTypes.planned(Recipes.parse(type), CheckpointKind.TRANSFORMER, Precision.AUTO, cpu);
    NetworkLayout layout =
        new NetworkLayout(
            WeightLayout.builder(types).build(), WanTransformer.layout(config, types).blocks());
    blockBytes = layout.blocks().get(0).layout().dataBytes();
    file = Files.createTempFile("wanlet-bench", ".gguf");
    write(layout.blocks());
    source = GgufFile.open(file);
    weights =
        NetworkWeights.open(backend, layout, new SourceReader(source), new Placement(BLOCKS, 0, 1));
    blocks = weights.blocks();
    channel = FileChannel.open(file);
    target = ByteBuffer.allocateDirect(Math.toIntExact(blockBytes));
  }

  private void write(List<BlockSpec> specs) throws IOException {
    RandomWeights random = new RandomWeights(1);
    try (GgufWriter writer = GgufWriter.create(file)) {
      for (BlockSpec block : specs) {
        for (TensorSpec spec : block.layout().specs()) {
          writer.declare(block.prefix() + spec.name(), spec.type(), spec.sourceShape());
        }
      }
      for (BlockSpec block : specs) {
        for (TensorSpec spec : block.layout().specs()) {
          try (HostMemory bytes = new HostMemory(spec.type().bytes(spec.shape()))) {
            random.read(spec, bytes.address());
            writer.append(block.prefix() + spec.name(), bytes.address(), bytes.bytes());
          }
        }
      }
      writer.commit();
    }
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    if (blocks.uploadedBytes() % blockBytes != 0) {
      throw new IllegalStateException(
          blocks.uploadedBytes() + " bytes uploaded in blocks of " + blockBytes);
    }
    weights.close();
    source.close();
    backend.close();
    channel.close();
    Files.delete(file);
  }

  /** With a single slot the next load starts at the release, so all of it is waited for. */
  @Benchmark
  public long fillSlot() throws IOException {
    BlockSpec block = blocks.specs().get(next);
    long bytes = blocks.acquire(block).bytes();
    blocks.release(block);
    next = (next + 1) % BLOCKS;
    return bytes;
  }

  @Benchmark
  public long readSequentially() throws IOException {
    target.clear();
    long position = next * blockBytes;
    while (target.hasRemaining()) {
      if (channel.read(target, position + target.position()) < 0) {
        throw new IOException(file + " is too short");
      }
    }
    next = (next + 1) % BLOCKS;
    return blockBytes;
  }
}
