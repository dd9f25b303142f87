// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.control;

import dev.wanlet.base.Count;
import dev.wanlet.base.Printable;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeEncoder;
import dev.wanlet.wan.request.GenerationRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * The picture or video that a clip is made over from, found to be readable; read again, a frame at
 * a time, when it is encoded. A picture is shown through the whole clip, and so is the last frame
 * of a video that ends before. Immutable.
 *
 * <p>Source: diffusers pipelines/wan/pipeline_wan_video2video.py, {@code prepare_latents}.
 *
 * @param count frames of the clip
 */
public record InitialFrames(Path file, FrameSize size, Fit fit, int count, double fps) {
  /**
   * Reads what a request names, to the last frame that the clip wants; empty if it makes nothing
   * over.
   *
   * @param notes hears what is not as in the file
   * @throws dev.wanlet.wan.media.MediaException if it is missing, damaged or of a kind that cannot
   *     be read
   */
  public static Optional<InitialFrames> read(GenerationRequest request, Consumer<String> notes)
      throws IOException {
    Optional<Path> file = request.pictures().madeOver();
    if (file.isEmpty()) {
      return Optional.empty();
    }
    InitialFrames frames =
        new InitialFrames(
            file.get(),
            request.clip().size(),
            request.pictures().fit(),
            request.clip().frames(),
            request.clip().fps());
    frames.check(note -> notes.accept(Printable.text(file.get()) + " " + note));
    return Optional.of(frames);
  }

  private void check(Consumer<String> tell) throws IOException {
    try (TimedFrames timed = new TimedFrames(file, fps)) {
      FrameSize own = new FrameSize(timed.source().width(), timed.source().height());
      timed.rateNote().ifPresent(tell);
      FitNotes.of(own, fit, size).forEach(tell);
      if (!timed.source().isStill()) {
        if (timed.at(count).isPresent()) {
          tell.accept(
              "goes on after the clip's " + Count.of(count, "frame") + ": the rest is left out");
        } else if (timed.total() < count) {
          tell.accept(
              String.format(
                  "ends after %d of the clip's %d frames: its last one holds for the others",
                  timed.total(), count));
        }
      }
      timed.source().notes().forEach(tell);
    }
  }

  /**
   * Encodes them.
   *
   * @param encoder for clips of more than one frame unless this is one frame
   * @param encoded hears how many frames are done
   * @return normalised latents, [zDim, T, h, w]
   */
  public float[] encode(VaeEncoder encoder, IntConsumer encoded) throws IOException {
    VaeConfig config = encoder.config();
    int latentFrames = config.latentFrames(count);
    float[] all = null;
    int done = 0;
    encoder.start();
    try (TimedFrames timed = new TimedFrames(file, fps)) {
      for (int i = 0; i < count; i++) {
        RgbFrame frame = timed.atOrLast(i);
        Optional<float[]> latent =
            encoder.push(fit.smoothFrame(frame, size.width(), size.height()));
        if (latent.isPresent()) {
          float[] one = latent.get();
          all = all == null ? new float[Math.multiplyExact(one.length, latentFrames)] : all;
          put(one, config.zDim(), all, latentFrames, done++);
        }
        encoded.accept(i + 1);
      }
    }
    return all;
  }

  /** One latent frame, [C, h, w], into its place of [C, T, h, w]. */
  private static void put(float[] latent, int channels, float[] all, int frames, int frame) {
    int area = latent.length / channels;
    for (int c = 0; c < channels; c++) {
      System.arraycopy(latent, c * area, all, (c * frames + frame) * area, area);
    }
  }
}
