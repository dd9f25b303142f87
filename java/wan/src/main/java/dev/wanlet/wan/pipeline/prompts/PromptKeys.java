// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.prompts;

import dev.wanlet.files.Sha256;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.catalog.WeightSamples;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * Names what an encoded prompt depends on: its tokens, the text encoder's weights and their types,
 * the device, the precision and the build. Of the weights only samples are read, which a file of
 * many gigabytes allows at once, beside the files' sizes and times. Immutable.
 */
public final class PromptKeys {
  /** Goes up when the encoder's results change for another reason. */
  private static final int VERSION = 1;

  private final byte[] network;

  private PromptKeys(byte[] network) {
    this.network = network;
  }

  /**
   * The keys for a text encoder on a device.
   *
   * @throws IOException if its files cannot be read
   */
  public static PromptKeys of(WeightSource encoder, Device device, Precision precision)
      throws IOException {
    MessageDigest digest = Sha256.digest();
    text(digest, VERSION + " " + Ggml.version() + " " + Ggml.treeHash());
    text(digest, device.backendName() + " " + device.description() + " " + precision);
    for (String feature : device.features().stream().sorted().toList()) {
      text(digest, feature);
    }
    for (Path file : encoder.files()) {
      text(digest, Files.size(file) + " " + Files.getLastModifiedTime(file).toMillis());
    }
    WeightSamples.addEnds(digest, encoder);
    return new PromptKeys(digest.digest());
  }

  /** The key of a prompt's tokens. */
  public String key(int[] ids) {
    MessageDigest digest = Sha256.digest();
    digest.update(network);
    ByteBuffer bytes = ByteBuffer.allocate(ids.length * Integer.BYTES);
    bytes.asIntBuffer().put(ids);
    digest.update(bytes);
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void text(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
  }
}
