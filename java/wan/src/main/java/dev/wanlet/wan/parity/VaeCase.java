// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeFamily;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A VAE: a clip and an image both ways, with and without statistics of the latents. */
final class VaeCase implements ParityCase {
  private final VaeFamily family;

  VaeCase(VaeFamily family) {
    this.family = family;
  }

  @Override
  public void run(ParityFolder folder, Engine engine, Sink sink) throws IOException {
    VaeRun inferred = VaeRun.of(engine, family, folder.weights());
    VaeRun vae = inferred.with(statistics(folder, inferred.config()));
    VaeRun plain = inferred.with(inferred.config().withoutStatistics());
    Taps taps = new Taps(name -> true);

    WeightTensor latent = folder.inputs().require("latent");
    sink.accept("decode", vae.decode(latent.toFloats(), latent.shape(), taps));
    sink.accept("decode_noscale", plain.decode(latent.toFloats(), latent.shape(), Taps.NONE));
    sink.accept("decode_image", vae.decode(first(latent), image(latent), Taps.NONE));

    WeightTensor video = folder.inputs().require("video");
    sink.accept("encode", vae.encode(video.toFloats(), video.shape(), taps));
    sink.accept("encode_noscale", plain.encode(video.toFloats(), video.shape(), Taps.NONE));
    sink.accept("encode_image", vae.encode(first(video), image(video), Taps.NONE));
    taps.collected().forEach((name, tap) -> sink.accept(name, tap.values()));
  }

  /** The configuration with the folder's means and deviations. */
  private static VaeConfig statistics(ParityFolder folder, VaeConfig config) throws IOException {
    List<Float> mean = floats(folder.requiredInput("mean"));
    List<Float> deviation = new ArrayList<>();
    if (folder.config().has("std")) {
      folder.config().get("std").forEach(value -> deviation.add(value.floatValue()));
    } else {
      floats(folder.requiredInput("inv_std")).forEach(value -> deviation.add(1 / value));
    }
    return config.withStatistics(mean, deviation);
  }

  private static List<Float> floats(float[] values) {
    List<Float> list = new ArrayList<>();
    for (float value : values) {
      list.add(value);
    }
    return list;
  }

  private static Shape image(WeightTensor clip) {
    Shape s = clip.shape();
    return Shape.of(s.dim(0), 1, s.dim(2), s.dim(3));
  }

  /** The first frame of [C, T, H, W]. */
  private static float[] first(WeightTensor clip) {
    int channels = (int) clip.shape().dim(0);
    int frames = (int) clip.shape().dim(1);
    int area = (int) (clip.shape().dim(2) * clip.shape().dim(3));
    float[] values = clip.toFloats();
    float[] first = new float[channels * area];
    for (int c = 0; c < channels; c++) {
      System.arraycopy(values, c * frames * area, first, c * area, area);
    }
    return first;
  }
}
