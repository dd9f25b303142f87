// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.wan.media.MediaSupport;
import dev.wanlet.wan.media.OutputException;
import dev.wanlet.wan.media.VideoCodec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Finds the encoder of a clip among those that FFmpeg has here. Stateless. */
final class EncoderChoice {
  private EncoderChoice() {}

  /**
   * The encoder for a clip.
   *
   * @throws OutputException if none here writes it; the message says what each lacks, and which
   *     codecs can be written
   */
  static VideoCodec of(Path path, OutputFormat format, ClipShape shape, Encoding encoding) {
    CodecName codec = encoding.codec().orElse(format.codecs().get(0));
    if (!format.codecs().contains(codec)) {
      throw new OutputException(
          path
              + ": this kind of file holds "
              + words(format.codecs())
              + ", not "
              + codec
              + "; choose another codec, or "
              + (format == OutputFormat.WEBM ? ".mp4" : "another extension"));
    }
    encoding
        .crf()
        .ifPresent(
            crf -> {
              int worst = codec.encoders().get(0).worstQuality();
              if (crf < 1 || crf > worst) {
                throw new OutputException(
                    path
                        + ": quality "
                        + crf
                        + "; expected 1 to "
                        + worst
                        + " for "
                        + codec
                        + ", lower is better, such as "
                        + codec.encoders().get(0).usualQuality());
              }
            });
    List<String> lacking = new ArrayList<>();
    for (VideoCodec encoder : codec.encoders()) {
      Optional<String> objection = objection(encoder, shape, encoding);
      if (objection.isEmpty()) {
        return encoder;
      }
      lacking.add(encoder.encoder() + " " + objection.get());
    }
    throw new OutputException(
        path
            + ": no encoder here writes "
            + codec
            + (encoding.pixels().isTenBit() ? " in 10 bits" : "")
            + ": "
            + String.join("; ", lacking)
            + ". This FFmpeg ("
            + MediaSupport.ffmpegVersion()
            + ") writes "
            + possible(shape, encoding));
  }

  /** Why an encoder does not write a clip; empty if it does. */
  private static Optional<String> objection(
      VideoCodec encoder, ClipShape shape, Encoding encoding) {
    if (!encoder.isBuiltIn()) {
      return Optional.of("is missing (it is " + encoder.whereToFind() + ")");
    }
    if (encoding.pixels().isTenBit() && !encoder.takesTenBits()) {
      return Optional.of("writes 8 bits only");
    }
    int side = Math.min(shape.width(), shape.height());
    if (side < encoder.leastSide()) {
      return Optional.of("takes no side under " + encoder.leastSide() + " pixels");
    }
    return encoder.failure().map(why -> "does not start here (" + why + ")");
  }

  private static String possible(ClipShape shape, Encoding encoding) {
    String all =
        Arrays.stream(CodecName.values())
            .flatMap(
                codec ->
                    codec.encoders().stream()
                        .filter(e -> objection(e, shape, encoding).isEmpty())
                        .map(e -> codec + " (" + e.encoder() + ")"))
            .collect(Collectors.joining(", "));
    return all.isEmpty() ? "none that does" : all;
  }

  private static String words(List<CodecName> codecs) {
    return codecs.stream().map(CodecName::id).collect(Collectors.joining(" or "));
  }
}
