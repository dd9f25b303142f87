// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.media.FrameConversion;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import dev.wanlet.wan.model.vae.Vae21Decoder;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeMemory;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.function.IntConsumer;

/**
 * Stage 3: latents become frames, each of which goes to the file as soon as it exists. Stateless.
 */
final class DecodeStage {
  private DecodeStage() {}

  /**
   * Decodes and writes a clip.
   *
   * @param latents [C, T, H, W], normalised
   * @param metadata stored in the file
   * @param listener hears how many frames are done
   * @return the first file written
   */
  static Path decode(
      Backend backend,
      WeightSource source,
      VaeConfig config,
      VaeMemory plan,
      float[] latents,
      GenerationRequest request,
      VideoMetadata metadata,
      IntConsumer listener)
      throws IOException {
    int width = request.size().width();
    int height = request.size().height();
    try (FrameSink sink =
            FrameSinks.open(request.output(), width, height, request.fps(), metadata);
        Vae21Decoder decoder =
            Vae21Decoder.load(backend, config, plan.settings(), new SourceReader(source))) {
      decoder.decode(
          latents,
          config.latentFrames(request.frames()),
          (index, rgb) -> {
            write(sink, FrameConversion.toRgb24(rgb, width, height));
            listener.accept(index + 1);
          });
      return sink.finish().get(0);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static void write(FrameSink sink, byte[] rgb24) {
    try {
      sink.accept(rgb24);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
