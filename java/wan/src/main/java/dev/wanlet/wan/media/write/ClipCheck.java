// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_CORRUPT;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;

import dev.wanlet.wan.media.Ffmpeg;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.javacv.FFmpegFrameGrabber;

/**
 * Reads a finished clip's index back and counts its frames. The recorder does not report errors of
 * its last writes (the trailer, and the pass that moves the index to the front), so a full disk
 * would otherwise pass for success. Stateless.
 */
final class ClipCheck {
  private ClipCheck() {}

  /** Throws unless the file holds exactly {@code frames} whole frames; nothing is decoded. */
  static void requireComplete(Path file, int frames) throws IOException {
    int found;
    try (FFmpegFrameGrabber grabber = new FFmpegFrameGrabber(Ffmpeg.url(file))) {
      grabber.setCharset(StandardCharsets.UTF_8);
      found =
          Ffmpeg.capturing(
              () -> count(grabber),
              (reason, cause) -> new IOException("the written file is damaged: " + reason, cause));
    }
    if (found != frames) {
      throw new IOException(
          "the written file holds " + found + " whole frames of " + frames + " given");
    }
  }

  private static int count(FFmpegFrameGrabber grabber) throws IOException {
    grabber.start(false);
    int found = 0;
    AVPacket packet = grabber.grabPacket();
    while (packet != null && (packet.flags() & AV_PKT_FLAG_CORRUPT) == 0) {
      found++;
      av_packet_unref(packet);
      packet = grabber.grabPacket();
    }
    return found;
  }
}
