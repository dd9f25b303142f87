// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_DISCARD;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entries_count;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entry;

import java.io.IOException;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVIndexEntry;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.javacv.FFmpegFrameGrabber;

/**
 * How many of a file's frames are for viewers. A cut without encoding keeps frames that are only
 * there to decode others from, and names the ones to show in an edit list. Stateless.
 */
final class ShownFrames {
  /** FFmpeg's reader of MP4 and QuickTime, the only one that knows edit lists. */
  private static final String EDITED = "mov,";

  /** More frames than any codec sends ahead of their turn. */
  private static final int MOST_AHEAD = 64;

  private ShownFrames() {}

  /** Frames to show by the file's index; 0 if it has none. */
  static int count(FFmpegFrameGrabber grabber) {
    AVStream video = grabber.getFormatContext().streams(grabber.getVideoStream());
    String format = grabber.getFormatContext().iformat().name().getString();
    if (video.nb_frames() <= 0 || !format.startsWith(EDITED)) {
      return Math.toIntExact(Math.min(Math.max(0, video.nb_frames()), Integer.MAX_VALUE));
    }
    int entries = avformat_index_get_entries_count(video);
    int shown = 0;
    for (int i = 0; i < entries; i++) {
      if ((avformat_index_get_entry(video, i).flags() & AVIndexEntry.AVINDEX_DISCARD_FRAME) == 0) {
        shown++;
      }
    }
    return shown;
  }

  /**
   * Frames at the beginning that are to be shown before the first key frame and come behind it:
   * where a video was cut, what they are made from is no longer there, and decoders leave them out.
   *
   * @param fresh started, nothing read yet
   */
  static int leading(FFmpegFrameGrabber fresh) throws IOException {
    boolean begun = false;
    long key = 0;
    int leading = 0;
    int frames = 0;
    AVPacket packet = fresh.grabPacket();
    while (packet != null && frames < MOST_AHEAD) {
      if (packet.stream_index() == fresh.getVideoStream()) {
        boolean isKey = (packet.flags() & AV_PKT_FLAG_KEY) != 0;
        if (isKey && begun) {
          return leading;
        }
        if (isKey) {
          begun = true;
          key = packet.pts();
        } else if (begun && packet.pts() < key && (packet.flags() & AV_PKT_FLAG_DISCARD) == 0) {
          leading++;
        }
        frames++;
      }
      av_packet_unref(packet);
      packet = fresh.grabPacket();
    }
    return leading;
  }
}
