// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.bench.models.RandomWeights;
import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.memory.VaePlan;
import dev.wanlet.wan.memory.VaePlanner;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.nn.Precision;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Decoding with the VAE at its real width and random weights: time of a latent frame, and memory
 * against the plan. The first latent frame is one picture, each further one is four.
 */
final class DecodePart implements Part {
  private static final int LATENT_FRAMES = 3;
  private static final int STRIDE = 8;
  private static final int PICTURES = 4;

  @Override
  public String id() {
    return "decode";
  }

  @Override
  public void run(Kit kit) {
    List<FrameSize> sizes =
        kit.small()
            ? List.of(new FrameSize(32, 32))
            : List.of(new FrameSize(832, 480), new FrameSize(1280, 720));
    for (FrameSize size : sizes) {
      kit.measure(id(), "VAE at " + size, () -> decode(kit, size));
    }
  }

  private static Facts decode(Kit kit, FrameSize size) throws IOException {
    VaeConfig config =
        ModelCatalog.standard().require(ClipJob.SMALL_MODEL).vae().config().orElseThrow();
    int frames = kit.small() ? 1 : LATENT_FRAMES;
    VaePlan plan =
        new VaePlanner(config, kit.device(), Backend.availableThreads())
            .decoder(
                new VaePlanner.Job(
                    size.width(), size.height(), PICTURES * frames - 3, Precision.AUTO),
                kit.device().memory().freeBytes());
    Backend.open(kit.device()).close();
    OptionalLong before = CardMemory.usedBytes(kit.device());
    Optional<CardMemory> watch = CardMemory.watch(kit.device());
    try {
      double first = seconds(kit, config, plan, size, 1);
      double all = frames == 1 ? first : seconds(kit, config, plan, size, frames);
      OptionalLong peak = watch.map(CardMemory::peakBytes).orElse(OptionalLong.empty());
      boolean known = before.isPresent() && peak.isPresent();
      Long taken = known ? (Long) (peak.getAsLong() - before.getAsLong()) : null;
      return new Facts()
          .put("first_frame_seconds", first)
          .put("seconds_per_latent_frame", frames == 1 ? null : (all - first) / (frames - 1))
          .put("planned_peak_bytes", plan.peakDeviceBytes())
          .put("card_peak_bytes", taken)
          .put("band_bytes", plan.memory().settings().bandBytes())
          .require(taken == null || taken <= plan.peakDeviceBytes());
    } finally {
      watch.ifPresent(CardMemory::close);
    }
  }

  private static double seconds(Kit kit, VaeConfig config, VaePlan plan, FrameSize size, int frames)
      throws IOException {
    int values = config.zDim() * frames * (size.height() / STRIDE) * (size.width() / STRIDE);
    return Frames.decode(
            kit.device(),
            config,
            plan.memory().settings(),
            new RandomWeights(1),
            RandomWeights.normal(values, 2),
            frames)
        .seconds();
  }
}
