// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import dev.wanlet.bench.models.RandomWeights;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeDecoder;
import dev.wanlet.wan.model.vae.VaeSettings;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.frames.ConvMethod;
import java.io.IOException;
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
 * The Wan 2.1 VAE decoder at its real width of 96 channels, on latents of 16 x 16 (128 x 128
 * pixels). One latent frame is one picture; every further one is four, and costs the difference
 * between the two counts.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime) // one decoding takes seconds
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1) // touches fresh memory
@Measurement(iterations = 3)
@Fork(2)
public class VaeDecoderBenchmark {
  private static final int LATENT = 16;
  private static final int PIXELS = 8 * LATENT;
  private static final long BAND_BYTES = 16L << 20; // what plans on CPUs start from

  @Param({"1", "2"})
  public int latentFrames;

  /** Worker threads; 0 is one for each processor. */
  @Param("0")
  public int threads;

  private Backend backend;
  private VaeDecoder decoder;
  private float[] latents;

  @Setup(Level.Trial)
  public void open() throws IOException {
    Device cpu = Device.cpu();
    backend = Backend.open(cpu);
    if (threads > 0) {
      backend.setThreads(threads);
    }
    VaeSettings settings =
        new VaeSettings(LATENT, LATENT, false, Precision.AUTO, ConvMethod.of(cpu), BAND_BYTES, 0);
    VaeConfig config =
        ModelCatalog.standard().require("wan2.1-t2v-1.3b").vae().config().orElseThrow();
    decoder = VaeDecoder.load(backend, config, settings, new RandomWeights(1));
    latents = RandomWeights.normal(config.zDim() * latentFrames * LATENT * LATENT, 2);
  }

  @TearDown(Level.Trial)
  public void close() {
    decoder.close();
    backend.close();
  }

  @Benchmark
  public int decode() {
    int[] frames = {0};
    decoder.decode(
        latents,
        latentFrames,
        (index, rgb) -> {
          if (Results.plausible(rgb).length != 3 * PIXELS * PIXELS || index != frames[0]) {
            throw new IllegalStateException("frame " + index + " has " + rgb.length + " values");
          }
          frames[0]++;
        });
    if (frames[0] != 4 * latentFrames - 3) {
      throw new IllegalStateException(latentFrames + " latent frames gave " + frames[0]);
    }
    return frames[0];
  }
}
