// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.memory.VaePlanner;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeFamily;
import dev.wanlet.wan.model.vae.VaeSettings;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.util.OptionalLong;

/**
 * The demo clip on the device against the CPU's frames, and what must not change it on the device
 * itself: streaming the blocks, and decoding in bands.
 */
final class DemoPart implements Part {
  /** Frames that differ by less than a trained eye can see. */
  private static final double CLOSE_DB = 30;

  /** Sums in another order now and then round a pixel to its neighbour. */
  private static final double SAME_DB = 50;

  /** Of the largest latent: other places in memory may mean other kernels at the edges. */
  private static final double SAME_LATENTS = 1e-3;

  private static final long NARROW_BAND = 64 << 10;

  @Override
  public String id() {
    return "demo";
  }

  @Override
  public void run(Kit kit) throws IOException {
    ModelFiles files = ModelFinder.resolver().resolve(ModelSelection.none());
    FrameSize size = new FrameSize(64, 64);
    ClipJob job = new ClipJob(files.model().id(), "F16", size, kit.small() ? 5 : 17);
    int steps = kit.small() ? 2 : 20;
    kit.measure(id(), "clip against the CPU's", () -> againstCpu(kit, files, job, steps));
    kit.measure(id(), "streamed against resident", () -> streamed(kit, files, job, steps));
    kit.measure(id(), "banded against whole", () -> banded(kit, files, job));
  }

  private static float[] latents(Kit kit, ModelFiles files, ClipJob job, int steps, int maxResident)
      throws IOException {
    return StepTrial.run(
            kit,
            files,
            job,
            new StepTrial.Conditions(OptionalLong.empty(), maxResident, steps, steps))
        .latents();
  }

  private static Facts againstCpu(Kit kit, ModelFiles files, ClipJob job, int steps)
      throws IOException {
    float[] here = latents(kit, files, job, steps, Integer.MAX_VALUE);
    Frames clip = decode(kit.device(), files, job, here, OptionalLong.empty());
    Kit cpu = kit.onCpu();
    float[] there = latents(cpu, files, job, steps, Integer.MAX_VALUE);
    Frames expected = decode(cpu.device(), files, job, there, OptionalLong.empty());
    double psnr = clip.psnr(expected);
    return new Facts()
        .put("steps", steps)
        .put("psnr_db", psnr)
        .put("bound_db", CLOSE_DB)
        .put("identical", clip.sameAs(expected))
        .put("sha256", clip.sha256())
        .put("decode_seconds", clip.seconds())
        .require(psnr >= CLOSE_DB);
  }

  private static Facts streamed(Kit kit, ModelFiles files, ClipJob job, int steps)
      throws IOException {
    float[] resident = latents(kit, files, job, steps, Integer.MAX_VALUE);
    float[] streamed = latents(kit, files, job, steps, 0);
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < resident.length; i++) {
      largest = Math.max(largest, Math.abs(resident[i]));
      difference = Math.max(difference, Math.abs(resident[i] - streamed[i]));
    }
    double bound = kit.device().isCpu() ? 0 : SAME_LATENTS * largest;
    return new Facts()
        .put("identical", difference == 0)
        .put("max_abs", difference)
        .put("bound", bound)
        .require(difference <= bound);
  }

  private static Facts banded(Kit kit, ModelFiles files, ClipJob job) throws IOException {
    float[] latents = latents(kit, files, job, 2, Integer.MAX_VALUE);
    Frames whole = decode(kit.device(), files, job, latents, OptionalLong.empty());
    Frames banded = decode(kit.device(), files, job, latents, OptionalLong.of(NARROW_BAND));
    double psnr = banded.psnr(whole);
    boolean same = banded.sameAs(whole);
    return new Facts()
        .put("identical", same)
        .put("psnr_db", psnr)
        .put("bound_db", SAME_DB)
        .require(kit.device().isCpu() ? same : psnr >= SAME_DB);
  }

  private static Frames decode(
      Device device, ModelFiles files, ClipJob job, float[] latents, OptionalLong bandBytes)
      throws IOException {
    try (Checkpoint vae = Checkpoint.open(files.vae())) {
      VaeConfig config = VaeFamily.infer(vae).orElseThrow();
      VaeSettings settings =
          new VaePlanner(config, device, Backend.availableThreads())
              .decoder(
                  new VaePlanner.Job(
                      job.size().width(), job.size().height(), job.frames(), Precision.AUTO),
                  device.memory().freeBytes())
              .memory()
              .settings();
      if (bandBytes.isPresent()) {
        settings = settings.withBandBytes(bandBytes.getAsLong());
      }
      return Frames.decode(
          device,
          config,
          settings,
          new SourceReader(vae.source()),
          latents,
          config.latentFrames(job.frames()));
    }
  }
}
