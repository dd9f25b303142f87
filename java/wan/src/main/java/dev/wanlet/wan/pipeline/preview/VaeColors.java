// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.preview;

import dev.wanlet.files.AtomicFile;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.media.preview.ColorFit;
import dev.wanlet.wan.media.preview.ColorTable;
import dev.wanlet.wan.media.preview.LatentColors;
import dev.wanlet.wan.memory.VaePlan;
import dev.wanlet.wan.memory.VaePlanner;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeDecoder;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * The colours of a VAE's latents. A fit comes along for the demo model's VAE. For any other one is
 * made at first use and kept: random latents are decoded on the CPU, and colours fitted to what
 * comes out. The VAE itself says what its latents show; no clip and no encoder is needed. Of the
 * demo model's clips such a fit shows less than the one that was fitted to them (16.5 against 20.3
 * dB). Stateless.
 */
public final class VaeColors {
  private static final System.Logger LOG = System.getLogger(VaeColors.class.getName());

  private static final int CLIPS = 12;
  private static final int FRAMES = 5;

  /** Rows and columns of latents. */
  private static final int CELLS = 8;

  /** Random latents are wilder than those of clips: weights are better too small than too large. */
  private static final double RIDGE = 0.1;

  /** What tells one VAE from another in whatever file it comes: both ends of its decoder. */
  private static final List<String> PRINTED =
      List.of("conv2.weight", "decoder.conv1.weight", "decoder.head.2.weight");

  private VaeColors() {}

  /**
   * The fit of a model's VAE: the one that comes along, the kept one, or a new one.
   *
   * @param cache where fits are kept; empty: nowhere
   * @param hostBytes most memory that making one may take
   * @return empty if none can be made for want of memory
   * @throws IOException if the VAE cannot be read
   */
  public static Optional<LatentColors> of(OpenModel model, Optional<Path> cache, long hostBytes)
      throws IOException {
    String print = print(model.vae());
    Optional<LatentColors> known =
        ColorTable.known(print).or(() -> cache.flatMap(folder -> kept(folder, print)));
    if (known.isPresent()) {
      return known;
    }
    Optional<LatentColors> made = fit(model, hostBytes);
    if (made.isPresent() && cache.isPresent()) {
      keep(cache.get(), print, made.get());
    }
    return made;
  }

  /** The print of a VAE's weights, the same for every form of file that holds the same numbers. */
  public static String print(WeightSource vae) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    for (String name : PRINTED) {
      WeightTensor tensor = vae.require(name);
      float[] values = tensor.toFloats();
      ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
      bytes.asFloatBuffer().put(values);
      digest.update(bytes);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static Path file(Path folder, String print) {
    return folder.resolve(print + ".json");
  }

  public static Optional<LatentColors> kept(Path folder, String print) {
    Path file = file(folder, print);
    try {
      return Optional.of(ColorTable.read(Files.readAllBytes(file), print));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "{0} is passed over and made anew: {1}", file, e.getMessage());
      return Optional.empty();
    }
  }

  public static void keep(Path folder, String print, LatentColors colors) {
    try {
      Files.createDirectories(folder);
      String json = ColorTable.write(colors, print, "random latents through the decoder");
      AtomicFile.write(file(folder, print), json.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "colours for previews could not be kept: {0}", e.getMessage());
    }
  }

  /**
   * A fit made by decoding random latents on the CPU.
   *
   * @param hostBytes most memory that may take
   * @return empty if it does not fit
   * @throws IOException if the VAE cannot be read
   */
  public static Optional<LatentColors> fit(OpenModel model, long hostBytes) throws IOException {
    VaeConfig config = model.vaeConfig().orElseThrow();
    int side = CELLS * config.spatialFactor();
    Device cpu = Device.cpu();
    try (Backend backend = Backend.open(cpu)) {
      backend.adaptThreads();
      VaePlan plan =
          new VaePlanner(config, cpu, backend.threads())
              .decoder(new VaePlanner.Job(side, side, FRAMES, Precision.AUTO), Long.MAX_VALUE);
      if (plan.peakDeviceBytes() + plan.memory().hostBytes() > hostBytes) {
        return Optional.empty();
      }
      try (VaeDecoder decoder =
          VaeDecoder.load(
              backend, config, plan.memory().settings(), new SourceReader(model.vae()))) {
        return Optional.of(fit(config, decoder));
      }
    }
  }

  private static LatentColors fit(VaeConfig config, VaeDecoder decoder) {
    ColorFit fit = new ColorFit(config.zDim());
    int count = config.latentFrames(FRAMES);
    Random random = new Random(0);
    float[] latents = new float[config.zDim() * count * CELLS * CELLS];
    for (int clip = 0; clip < CLIPS; clip++) {
      for (int i = 0; i < latents.length; i++) {
        latents[i] = (float) random.nextGaussian();
      }
      List<float[]> frames = new ArrayList<>();
      decoder.decode(latents, count, (index, rgb) -> frames.add(rgb));
      float[] means =
          ColorFit.means(
              frames,
              decoder.height(),
              decoder.width(),
              config.spatialFactor(),
              config.temporalFactor());
      fit.add(latents, count, CELLS, CELLS, means);
    }
    return fit.solve(RIDGE);
  }
}
