// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.preview;

import dev.wanlet.files.AtomicFile;
import dev.wanlet.wan.media.Images;
import dev.wanlet.wan.media.OutputException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/**
 * A file that always shows the newest preview, whole: {@code .gif} moves, {@code .png} has moments
 * of the clip side by side. Confined to one thread.
 */
public final class PreviewFile {
  /** Small pictures are enlarged to about so many columns. */
  private static final int COLUMNS = 320;

  private final Path file;
  private final boolean moves;

  /**
   * @throws OutputException if it is no PNG or GIF, or cannot be written
   */
  public PreviewFile(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    this.moves = name.endsWith(".gif");
    if ((!moves && !name.endsWith(".png")) || name.contains("%")) {
      throw new OutputException(
          file + ": a preview is a picture; expected .png, or .gif for one that moves");
    }
    FrameSinks.checkWritable(file);
    this.file = file;
  }

  /**
   * Replaces the file.
   *
   * @param frames in time, of one size
   * @param fps at which they are shown, as far as a GIF can
   * @throws IOException if it cannot be written; an older one stays
   */
  public void write(List<RgbFrame> frames, double fps) throws IOException {
    int factor = Math.max(1, COLUMNS / frames.get(0).width());
    List<RgbFrame> large = frames.stream().map(f -> PictureSheet.enlarged(f, factor)).toList();
    if (moves) {
      animate(large, fps);
    } else {
      picture(PictureSheet.of(large));
    }
  }

  private void animate(List<RgbFrame> frames, double fps) throws IOException {
    RgbFrame first = frames.get(0);
    double rate = FrameSinks.gifRate(fps);
    try (FrameSink sink =
        FrameSinks.open(file, first.width(), first.height(), rate, VideoMetadata.empty())) {
      for (RgbFrame frame : frames) {
        sink.accept(frame.rgb24());
      }
      sink.finish();
    } catch (OutputException e) {
      throw new IOException(e.getMessage(), e); // the disk has changed since the first look
    }
  }

  private void picture(RgbFrame sheet) throws IOException {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(Images.toBufferedImage(sheet), "png", png);
    AtomicFile.write(file, png.toByteArray());
  }
}
