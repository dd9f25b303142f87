// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.media.FrameConversion;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeDecoder;
import dev.wanlet.wan.model.vae.VaeSettings;
import dev.wanlet.wan.nn.WeightReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Decoded frames one after the other, [N, H, W, 3] in bytes, as they would go to a file. Immutable.
 *
 * @param seconds of decoding, loading left out
 */
record Frames(byte[] rgb, double seconds) {
  private static final double LARGEST = 255;

  /** Decodes latents [C, T, H, W] of {@code count} latent frames. */
  static Frames decode(
      Device device,
      VaeConfig config,
      VaeSettings settings,
      WeightReader weights,
      float[] latents,
      int count)
      throws IOException {
    ByteArrayOutputStream rgb = new ByteArrayOutputStream();
    try (Backend backend = Backend.open(device);
        VaeDecoder decoder = VaeDecoder.load(backend, config, settings, weights)) {
      long start = System.nanoTime();
      decoder.decode(
          latents,
          count,
          (index, frame) ->
              rgb.writeBytes(FrameConversion.toRgb24(frame, decoder.width(), decoder.height())));
      return new Frames(rgb.toByteArray(), (System.nanoTime() - start) / 1e9);
    }
  }

  boolean sameAs(Frames other) {
    return Arrays.equals(rgb, other.rgb);
  }

  /** Peak signal-to-noise ratio in dB against other frames; infinite if they are the same. */
  double psnr(Frames other) {
    if (rgb.length != other.rgb.length) {
      throw new IllegalArgumentException(
          rgb.length + " bytes of frames against " + other.rgb.length);
    }
    double error = 0;
    for (int i = 0; i < rgb.length; i++) {
      double difference = (rgb[i] & 0xff) - (other.rgb[i] & 0xff);
      error += difference * difference;
    }
    return 10 * Math.log10(LARGEST * LARGEST / (error / rgb.length));
  }

  /** A hash of all frames, in hexadecimal. */
  String sha256() {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(rgb));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }
}
