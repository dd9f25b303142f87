// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.Device;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.TaeFile;
import dev.wanlet.wan.model.tae.TaeConfig;
import dev.wanlet.wan.model.tae.TaeDecoder;
import dev.wanlet.wan.model.tae.TaeSettings;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.frames.ConvMethod;

/**
 * Chooses how a small decoder works within a budget. Nothing it chooses changes the result.
 * Immutable, thread-safe.
 *
 * @param file its weights
 * @param threads of a CPU device
 */
public record TaePlanner(TaeFile file, Device device, int threads) {
  /** As for the VAE on a CPU; a GPU is busy with it too, and more would not be a small decoder. */
  private static final long BAND_BYTES = 16L << 20;

  /** A row or two of the smallest clips. */
  private static final long MIN_BAND_BYTES = (1L << 20) / 16;

  /** More than there are blocks with memory. */
  private static final int ALL_ON_HOST = 64;

  /**
   * The plan of decoding frames of a size, as many as there are.
   *
   * @throws MemoryBudgetException if none fits; it names the smallest budget that would do
   */
  public TaePlan plan(FrameSize size, Precision precision, long budgetBytes) {
    TaeConfig config = file.config();
    int stride = config.spatialFactor();
    if (size.width() % stride != 0 || size.height() % stride != 0) {
      throw new IllegalArgumentException(
          "the small decoder makes sizes that are multiples of " + stride + ", not " + size);
    }
    TaePlan last = null;
    for (int onHost : new int[] {0, ALL_ON_HOST}) {
      for (long band = BAND_BYTES; band >= MIN_BAND_BYTES; band /= 4) {
        TaeSettings settings =
            new TaeSettings(
                size.height() / stride,
                size.width() / stride,
                precision,
                ConvMethod.of(device),
                band,
                onHost);
        last = plan(settings);
        if (last.peakDeviceBytes() <= budgetBytes) {
          return last;
        }
      }
    }
    throw new MemoryBudgetException(
        "the small decoder", last.peakDeviceBytes(), budgetBytes, "choose a smaller size");
  }

  private TaePlan plan(TaeSettings settings) {
    // ggml's convolution keeps a half precision copy of a band's input.
    long copies = device.isCpu() ? 0 : settings.bandBytes();
    return new TaePlan(
        file,
        settings,
        TaeDecoder.measure(device, file.config(), settings, threads),
        HiddenMemory.contextBytes(device) + copies);
  }
}
