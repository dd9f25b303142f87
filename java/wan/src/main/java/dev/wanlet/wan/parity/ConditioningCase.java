// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.model.vae.Vae21;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.known.KnownFrames;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/**
 * What transformers are shown of pictures, from bytes to mask and latents: a first frame ({@code
 * i2v}), a first and a last one ({@code flf2v}).
 */
final class ConditioningCase implements ParityCase {
  private static final int PIXELS_A_TOKEN = 16;

  @Override
  public void run(ParityFolder folder, Engine engine, Sink sink) throws IOException {
    VaeRun vae =
        VaeRun.of(
            engine,
            Vae21.INSTANCE,
            folder.tensors(
                folder.directory().resolveSibling(folder.required("vae21_weights").asText())));
    RgbFrame image = picture(folder, "i2v.image_u8");
    FrameSize size = size(folder, image);
    float[] resized = Fit.STRETCH.frame(image, size.width(), size.height());
    sink.accept("i2v.resized", resized);
    encode(folder, vae, new Known("i2v", size, resized, Optional.empty()), sink);

    RgbFrame first = picture(folder, "flf2v.first_u8");
    RgbFrame last = picture(folder, "flf2v.last_u8");
    FrameSize of = size(folder, first);
    encode(
        folder,
        vae,
        new Known(
            "flf2v",
            of,
            Fit.STRETCH.frame(first, of.width(), of.height()),
            Optional.of(Fit.STRETCH.frame(last, of.width(), of.height()))),
        sink);
    Shape mask81 = folder.outputs().require("flf2v.msk81").shape();
    int area = (int) (mask81.dim(2) * mask81.dim(3));
    sink.accept("flf2v.msk81", KnownFrames.mask(vae.config(), 81, true, area));
  }

  private record Known(String name, FrameSize size, float[] first, Optional<float[]> last) {}

  /** A picture among the inputs, [H, W, 3]. */
  static RgbFrame picture(ParityFolder folder, String name) throws IOException {
    WeightTensor tensor = folder.inputs().require(name);
    int[] values = tensor.toInts();
    byte[] rgb = new byte[values.length];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) values[i];
    }
    return new RgbFrame((int) tensor.shape().dim(1), (int) tensor.shape().dim(0), rgb);
  }

  private static FrameSize size(ParityFolder folder, RgbFrame picture) throws ParityException {
    return FrameSize.ofAspect(
        new FrameSize(picture.width(), picture.height()),
        folder.required("i2v_max_area").asLong(),
        PIXELS_A_TOKEN);
  }

  private static void encode(ParityFolder folder, VaeRun vae, Known clip, Sink sink)
      throws IOException {
    KnownFrames known =
        new KnownFrames(clip.first(), clip.last(), folder.required("frames").asInt());
    float[] y = vae.encode(known, clip.size().height(), clip.size().width());
    VaeConfig config = vae.config();
    int latents = y.length / (KnownFrames.maskChannels(config) + config.zDim()) * config.zDim();
    sink.accept(clip.name() + ".msk", Arrays.copyOf(y, y.length - latents));
    sink.accept(clip.name() + ".latent", Arrays.copyOfRange(y, y.length - latents, y.length));
    sink.accept(clip.name() + ".y", y);
  }
}
