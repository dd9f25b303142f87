// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;

import dev.wanlet.files.WriteException;
import dev.wanlet.wan.media.Ffmpeg;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.FileImageOutputStream;
import org.bytedeco.javacv.FFmpegFrameFilter;
import org.bytedeco.javacv.Frame;

/**
 * Writes an endless GIF, each frame with its own 256 colours: FFmpeg chooses the palette, the JDK
 * writes the file, since FFmpeg's GIF writer has no comment. Owns native memory until closed.
 * Confined to one thread.
 */
final class GifSink extends ClipSink {
  /** Viewers slow down whatever asks for less than 2 hundredths of a second a frame. */
  static final double MAX_FPS = 50;

  private static final String FORMAT = "javax_imageio_gif_image_1.0";
  private static final int COLOURS = 256;

  /** A palette for every frame as it comes; error diffusion leaves colours of the palette exact. */
  private static final String FILTER =
      "setpts=N,split[a][b];[a]palettegen=stats_mode=single:reserve_transparent=0[p];"
          + "[b][p]paletteuse=new=1:dither=sierra2_4a";

  private final PendingFile file;
  private final FFmpegFrameFilter filter;
  private final ByteBuffer rgb;
  private final ImageWriter writer;
  private final FileImageOutputStream out;
  private final VideoMetadata metadata;
  private boolean finished;

  GifSink(PendingFile file, ClipShape shape, VideoMetadata metadata) throws IOException {
    super(file.target(), shape);
    this.file = file;
    this.metadata = metadata;
    rgb = ByteBuffer.allocateDirect(RgbFrame.byteCount(shape.width(), shape.height()));
    out = open(file);
    writer = ImageIO.getImageWritersByFormatName("gif").next();
    filter = new FFmpegFrameFilter(FILTER, shape.width(), shape.height());
    filter.setPixelFormat(AV_PIX_FMT_RGB24);
    filter.setFrameRate(shape.fps());
    try {
      Ffmpeg.capturing(
          () -> {
            filter.start();
            return null;
          },
          (reason, cause) -> failure("cannot start FFmpeg's palette filter", reason, cause));
      writer.setOutput(out);
      writer.prepareWriteSequence(null);
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private static FileImageOutputStream open(PendingFile file) throws IOException {
    try {
      return new FileImageOutputStream(file.temporary().toFile());
    } catch (IOException e) {
      file.delete();
      throw WriteException.of(file.target(), e, 0);
    }
  }

  @Override
  void write(RgbFrame frame) throws IOException {
    try {
      BufferedImage image = indexed(frame);
      // The factory method of the specifier would take the JDK's palette instead of the image's.
      IIOMetadata extensions = writer.getDefaultImageMetadata(new ImageTypeSpecifier(image), null);
      extensions.mergeTree(FORMAT, extensions());
      writer.writeToSequence(new IIOImage(image, null, extensions), null);
    } catch (IOException e) {
      throw failure("cannot write frame " + frames(), Ffmpeg.plain(e), e);
    }
  }

  /** The frame in its best 256 colours. */
  private BufferedImage indexed(RgbFrame frame) throws IOException {
    rgb.clear();
    rgb.put(frame.rgb24()).flip();
    int w = width();
    int h = height();
    filter.pushImage(0, w, h, Frame.DEPTH_UBYTE, 3, w * 3, AV_PIX_FMT_RGB24, rgb);
    Frame paletted = filter.pullImage();
    if (paletted == null) {
      throw new IOException("FFmpeg's palette filter returned no picture");
    }
    // Indices, then 256 colours as native integers 0xAARRGGBB.
    ByteBuffer pixels = ((ByteBuffer) paletted.image[0]).order(ByteOrder.nativeOrder());
    int[] palette = new int[COLOURS];
    for (int i = 0; i < COLOURS; i++) {
      palette[i] = pixels.getInt(w * h + i * Integer.BYTES);
    }
    IndexColorModel colours =
        new IndexColorModel(8, COLOURS, palette, 0, false, -1, java.awt.image.DataBuffer.TYPE_BYTE);
    BufferedImage image = new BufferedImage(w, h, BufferedImage.TYPE_BYTE_INDEXED, colours);
    pixels.get(0, ((DataBufferByte) image.getRaster().getDataBuffer()).getData());
    return image;
  }

  /** The frame's duration; with the first frame also the loop and the settings. */
  private IIOMetadataNode extensions() {
    IIOMetadataNode root = new IIOMetadataNode(FORMAT);
    IIOMetadataNode control = new IIOMetadataNode("GraphicControlExtension");
    control.setAttribute("disposalMethod", "none");
    control.setAttribute("userInputFlag", "FALSE");
    control.setAttribute("transparentColorFlag", "FALSE");
    control.setAttribute("transparentColorIndex", "0");
    control.setAttribute(
        "delayTime", Long.toString(endHundredths(frames()) - endHundredths(frames() - 1)));
    root.appendChild(control);
    if (frames() == 0) {
      IIOMetadataNode loop = new IIOMetadataNode("ApplicationExtension");
      loop.setAttribute("applicationID", "NETSCAPE");
      loop.setAttribute("authenticationCode", "2.0");
      loop.setUserObject(new byte[] {1, 0, 0});
      IIOMetadataNode applications = new IIOMetadataNode("ApplicationExtensions");
      applications.appendChild(loop);
      root.appendChild(applications);
      IIOMetadataNode comment = new IIOMetadataNode("CommentExtension");
      comment.setAttribute("value", metadata.toAsciiJson());
      IIOMetadataNode comments = new IIOMetadataNode("CommentExtensions");
      comments.appendChild(comment);
      root.appendChild(comments);
    }
    return root;
  }

  /** When the frame of this index ends: rounded in sum, so that the speed is right on average. */
  private long endHundredths(int index) {
    return Math.round((index + 1) * 100 / shape().fps());
  }

  @Override
  List<Path> complete() throws IOException {
    try {
      writer.endWriteSequence();
      out.close();
      file.commit();
      finished = true;
    } catch (IOException e) {
      throw WriteException.of(file.target(), e, 0);
    }
    return List.of(file.target());
  }

  @Override
  void release() throws IOException {
    writer.dispose();
    filter.close();
    try {
      if (!finished) {
        out.close();
      }
    } finally {
      file.delete();
    }
  }
}
