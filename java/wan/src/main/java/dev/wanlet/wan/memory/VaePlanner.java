// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.Device;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeDecoder;
import dev.wanlet.wan.model.vae.VaeEncoder;
import dev.wanlet.wan.model.vae.VaeMemory;
import dev.wanlet.wan.model.vae.VaeSettings;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.frames.ConvMethod;
import java.util.function.Function;

/**
 * Chooses how the VAE works within a budget, from its configuration alone. Nothing it chooses
 * changes the result. Past frames stay on the device as far as the budget goes; those of the
 * convolutions at low resolution, which are wanted least often, leave first. Immutable,
 * thread-safe.
 */
public final class VaePlanner {
  private static final long MIB = 1L << 20;

  /**
   * A band this size keeps a CPU's matrix kernels busy; 4 and 32 MiB measured within 3% of it (256
   * x 256 pixels, 96 channels, 2 cores).
   */
  private static final long CPU_BAND_BYTES = 16 * MIB;

  /** Some ten thousand pixels at full resolution: enough to fill a GPU. */
  private static final long GPU_BAND_BYTES = 64 * MIB;

  /** A row or two of the smallest models; a band has at least one row, whatever it takes. */
  private static final long MIN_BAND_BYTES = MIB / 16;

  private final VaeConfig config;
  private final Device device;
  private final int threads;

  /**
   * @param threads of a CPU device
   */
  public VaePlanner(VaeConfig config, Device device, int threads) {
    this.config = config;
    this.device = device;
    this.threads = threads;
  }

  /**
   * A clip to decode or encode.
   *
   * @param height in pixels, a multiple of 8 like the width
   */
  public record Job(int width, int height, int frames, Precision precision) {}

  /**
   * The plan of decoding.
   *
   * @throws MemoryBudgetException if none fits; it names the smallest budget that would do
   */
  public VaePlan decoder(Job job, long budgetBytes) {
    return plan("decoding", job, budgetBytes, s -> VaeDecoder.measure(device, config, s, threads));
  }

  /**
   * The plan of encoding.
   *
   * @throws MemoryBudgetException if none fits; it names the smallest budget that would do
   */
  public VaePlan encoder(Job job, long budgetBytes) {
    return plan("encoding", job, budgetBytes, s -> VaeEncoder.measure(device, config, s, threads));
  }

  private VaePlan plan(
      String what, Job job, long budgetBytes, Function<VaeSettings, VaeMemory> measure) {
    VaeSettings settings = settings(job);
    VaePlan onDevice = made(measure.apply(settings));
    if (onDevice.peakDeviceBytes() <= budgetBytes) {
      return onDevice;
    }
    // Narrower bands cost less than moving frames, if they are enough.
    boolean bandsMayDo =
        onDevice.memory().peakBytes() - onDevice.memory().computeBytes() < budgetBytes;
    int all = onDevice.memory().histories().size();
    VaePlan last = onDevice;
    for (int onHost : bandsMayDo ? new int[] {0, all} : new int[] {all}) {
      for (long band = settings.bandBytes(); band >= MIN_BAND_BYTES; band /= 4) {
        last = made(measure.apply(settings.withBandBytes(band).withHostHistories(onHost)));
        if (last.peakDeviceBytes() <= budgetBytes) {
          return onHost == 0
              ? last
              : withFewestOnHost(onDevice.memory(), last, budgetBytes, measure);
        }
      }
    }
    throw new MemoryBudgetException(
        "the VAE's " + what, last.peakDeviceBytes(), budgetBytes, "choose a smaller size");
  }

  private VaeSettings settings(Job job) {
    int stride = config.spatialFactor();
    if (job.width() % stride != 0 || job.height() % stride != 0 || job.frames() < 1) {
      throw new IllegalArgumentException(
          String.format(
              "the VAE works on sizes that are multiples of %d, not on %d frames of %dx%d",
              stride, job.frames(), job.width(), job.height()));
    }
    return new VaeSettings(
        job.height() / stride,
        job.width() / stride,
        config.latentFrames(job.frames()) == 1,
        job.precision(),
        ConvMethod.of(device),
        device.isCpu() ? CPU_BAND_BYTES : GPU_BAND_BYTES,
        0);
  }

  /** Keeps on the device what fits besides {@code onHost}, which has everything on the host. */
  private VaePlan withFewestOnHost(
      VaeMemory onDevice,
      VaePlan onHost,
      long budgetBytes,
      Function<VaeSettings, VaeMemory> measure) {
    int count = onDevice.histories().size();
    long room = budgetBytes - onHost.peakDeviceBytes();
    while (count > 0 && onDevice.histories().get(count - 1) <= room) {
      count--;
      room -= onDevice.histories().get(count);
    }
    VaePlan mixed = made(measure.apply(onHost.memory().settings().withHostHistories(count)));
    return mixed.peakDeviceBytes() <= budgetBytes ? mixed : onHost;
  }

  private VaePlan made(VaeMemory memory) {
    // ggml's convolution keeps a half precision copy of a band's input.
    long copies = device.isCpu() ? 0 : memory.settings().bandBytes();
    return new VaePlan(memory, HiddenMemory.contextBytes(device) + copies);
  }
}
