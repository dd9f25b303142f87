// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a clip is written, beyond what its file's extension says. Immutable.
 *
 * @param codec empty: what the extension mostly holds
 * @param crf constant quality, lower is better and larger, as {@link EncoderChoice} takes it;
 *     empty: the encoder's own, visually lossless
 * @param pixels how pixels are stored
 */
public record Encoding(Optional<CodecName> codec, OptionalInt crf, PixelFormat pixels) {
  /** As the extension says. */
  public static final Encoding USUAL =
      new Encoding(Optional.empty(), OptionalInt.empty(), PixelFormat.YUV420P);
}
