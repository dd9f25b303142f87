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
    try (CardMemory watch = CardMemory.watch(kit)) {
      double first = seconds(kit, config, plan, size, 1);
      double all = frames == 1 ? first : seconds(kit, config, plan, size, frames);
      CardUse card = watch.use();
      return card.addTo(new Facts())
          .put("first_frame_seconds", first)
          .put("seconds_per_latent_frame", frames == 1 ? null : (all - first) / (frames - 1))
          .put("planned_peak_bytes", plan.peakDeviceBytes())
          .put("planned_hidden_bytes", plan.hiddenBytes())
          .put("band_bytes", plan.memory().settings().bandBytes())
          .require(card.within(plan.peakDeviceBytes()));
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
