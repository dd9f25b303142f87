// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.vae.Vae21;
import dev.wanlet.wan.model.vae.Vae22;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.known.ControlFrames;
import dev.wanlet.wan.model.vae.known.KnownFrames;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.wan.sampling.FirstFrame;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What transformers are shown of pictures, from bytes to mask and latents: a first frame ({@code
 * i2v}), a first and a last one ({@code flf2v}), a control video without and with a picture to
 * refer to ({@code vace}), a first latent frame ({@code ti2v}).
 */
final class ConditioningCase implements ParityCase {
  private static final int PIXELS_A_TOKEN = 16;

  /** Tokens that fill up the reference's sequence. */
  private static final int PADDING = 3;

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

    encodeControl(folder, vae, sink);
    encodeFirst(folder, engine, sink);
  }

  /** A first latent frame, of the model that is shown no other channels. */
  private static void encodeFirst(ParityFolder folder, Engine engine, Sink sink)
      throws IOException {
    VaeRun vae =
        VaeRun.of(
            engine,
            Vae22.INSTANCE,
            folder.tensors(
                folder.directory().resolveSibling(folder.required("vae22_weights").asText())));
    RgbFrame picture = picture(folder, "ti2v.image_u8");
    FrameSize size =
        FrameSize.nearest(
            new FrameSize(picture.width(), picture.height()),
            folder.required("ti2v_expected_area").asLong(),
            folder.required("ti2v_multiple").get(0).asInt());
    float[] image = Fit.CROP.smoothFrame(picture, size.width(), size.height());
    sink.accept("ti2v.image", image);
    float[] z = vae.encode(image, Shape.of(3, 1, size.height(), size.width()), Taps.NONE);
    sink.accept("ti2v.z", z);
    Shape noise = folder.inputs().require("ti2v.noise").shape();
    int frames = (int) noise.dim(1);
    FirstFrame first = new FirstFrame(z, (int) noise.dim(0), frames);
    float[] latents = folder.requiredInput("ti2v.noise");
    first.apply(latents, 0);
    sink.accept("ti2v.latent", latents);
    int tokens = frames * (int) (noise.dim(2) * noise.dim(3)) / WanConfig.PATCH_AREA;
    float[] timesteps = Arrays.copyOf(first.timesteps(937, tokens), tokens + PADDING);
    Arrays.fill(timesteps, tokens, tokens + PADDING, 937);
    sink.accept("ti2v.timestep_937_seq_plus3", timesteps);
  }

  private static void encodeControl(ParityFolder folder, VaeRun vae, Sink sink) throws IOException {
    Shape shape = folder.inputs().require("vace.frames").shape();
    int count = (int) shape.dim(1);
    int height = (int) shape.dim(2);
    int width = (int) shape.dim(3);
    float[] frames = folder.requiredInput("vace.frames");
    float[] mask = folder.requiredInput("vace.mask");
    float[] reference = folder.requiredInput("vace.reference_image");
    ControlFrames plain =
        new ControlFrames(
            i -> frame(frames, count, height * width, i),
            i -> frame(mask, count, height * width, i),
            count,
            List.of());
    float[] context = vae.encode(plain, height, width);
    int channels = 2 * vae.config().zDim();
    int latents = context.length / (channels + ControlFrames.maskChannels(vae.config())) * channels;
    sink.accept("vace.latent32", Arrays.copyOf(context, latents));
    sink.accept("vace.mask64", Arrays.copyOfRange(context, latents, context.length));
    sink.accept("vace.context96", context);
    sink.accept(
        "vace.with_reference.context96",
        vae.encode(
            new ControlFrames(plain.frames(), plain.mask(), count, List.of(reference)),
            height,
            width));
  }

  /** One frame of [C, T, area], as [C, area]. */
  private static float[] frame(float[] clip, int count, int area, int index) {
    int channels = clip.length / (count * area);
    float[] frame = new float[channels * area];
    for (int c = 0; c < channels; c++) {
      System.arraycopy(clip, (c * count + index) * area, frame, c * area, area);
    }
    return frame;
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
