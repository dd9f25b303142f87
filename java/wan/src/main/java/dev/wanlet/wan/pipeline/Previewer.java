// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.base.Printable;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.catalog.TaeFile;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.preview.LatentColors;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.pipeline.control.ClipLatents;
import dev.wanlet.wan.pipeline.preview.LatentPictures;
import dev.wanlet.wan.pipeline.preview.Preview;
import dev.wanlet.wan.pipeline.preview.PreviewOptions;
import dev.wanlet.wan.pipeline.preview.VaeColors;
import dev.wanlet.wan.sampling.Denoiser;
import dev.wanlet.wan.sampling.FlowSchedule;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.IntPredicate;

/**
 * Owner: shows a clip while it is sampled. Stands between the sampler and the transformer and takes
 * a look at what passes, so that nothing it does changes the clip. Confined to one thread.
 */
final class Previewer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Previewer.class.getName());

  /** Shows nothing. */
  static final Previewer NONE = new Previewer(null, null, null, null);

  private final RunOptions options;
  private final PreviewOptions wish;
  private final LatentPictures pictures;
  private final ClipLatents clip;
  private boolean failed;
  private boolean closed;

  Previewer(RunOptions options, PreviewOptions wish, LatentPictures pictures, ClipLatents clip) {
    this.options = options;
    this.wish = wish;
    this.pictures = pictures;
    this.clip = clip;
  }

  /**
   * The previewer that options ask for; {@link #NONE} if they ask for none, or none can be had,
   * which is logged.
   *
   * @param clip the latents
   * @param fps of the clip
   * @param hostBytes most host memory that this may take
   * @throws IOException if the small decoder or the VAE cannot be read
   */
  static Previewer open(
      RunOptions options, OpenModel model, ClipLatents clip, double fps, long hostBytes)
      throws IOException {
    Shape shape = clip.own();
    if (options.previews().isEmpty()) {
      return NONE;
    }
    PreviewOptions wish = options.previews().get();
    if (wish.tae().isPresent()) {
      TaeFile file = TaeFile.read(wish.tae().get(), (int) shape.dim(0));
      try {
        return new Previewer(
            options, wish, DecodedPictures.open(file, shape, fps, hostBytes, options), clip);
      } catch (MemoryBudgetException e) {
        LOG.log(Level.WARNING, "there are no previews: {0}", Printable.message(e.getMessage()));
        return NONE;
      }
    }
    Optional<LatentColors> colors = VaeColors.of(model, wish.colors(), hostBytes);
    if (colors.isEmpty()) {
      LOG.log(
          Level.WARNING,
          "there are no previews: this VAE's colours are not known, and there is too little memory to"
              + " find them out");
      return NONE;
    }
    int stride = model.vaeConfig().orElseThrow().temporalFactor();
    return new Previewer(options, wish, LatentPictures.of(colors.get(), shape, fps / stride), clip);
  }

  /**
   * The denoiser, looked at.
   *
   * @param isIdle whether a step is one whose velocity says nothing
   */
  Denoiser watching(Denoiser denoiser, FlowSchedule schedule, IntPredicate isIdle) {
    if (pictures == null) {
      return denoiser;
    }
    return (latents, timestep, step) -> {
      float[] velocity = denoiser.predict(latents, timestep, step);
      if (!failed && !isIdle.test(step) && wish.isDue(step, schedule.steps())) {
        show(latents, velocity, schedule.sigma(step), step, schedule.steps());
      }
      return velocity;
    };
  }

  private void show(float[] latents, float[] velocity, float sigma, int step, int steps) {
    if (velocity.length != latents.length) {
      return; // the sampler says what is wrong
    }
    float[] clean = new float[latents.length];
    for (int i = 0; i < clean.length; i++) {
      clean[i] = latents[i] - sigma * velocity[i];
    }
    List<RgbFrame> shown;
    try {
      shown = pictures.of(clip.of(clean));
    } catch (CancellationException e) {
      throw e;
    } catch (RuntimeException e) {
      // A clip without previews is better than none.
      failed = true;
      if (!options.cancellation().observe()) {
        String reason = e.getMessage() == null ? e.toString() : e.getMessage();
        LOG.log(Level.WARNING, "no more previews: {0}", Printable.message(reason));
      }
      return;
    }
    options.listener().previewed(new Preview(step + 1, steps, shown, pictures.fps()));
  }

  /** Bytes of host memory that previews take beside the run, on Java's heap. */
  static long heapBytes(long latentBytes) {
    return 2 * latentBytes;
  }

  @Override
  public void close() {
    if (pictures != null && !closed) {
      closed = true;
      pictures.close();
    }
  }
}
