// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.wan.media.Images;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.ExifComment;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.w3c.dom.NodeList;

/**
 * Makes a JPEG of a frame: quality 95 of 100, colour at full resolution, the settings as Exif's
 * user comment. Confined to one thread.
 *
 * @param target for messages
 */
record JpegEncoder(Path target, VideoMetadata metadata) implements StillSink.Encoder {
  private static final float QUALITY = 0.95f;
  private static final String FORMAT = "javax_imageio_jpeg_image_1.0";

  @Override
  public byte[] encode(RgbFrame frame) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      parameters.setCompressionQuality(QUALITY);
      IIOMetadata markers =
          writer.getDefaultImageMetadata(
              ImageTypeSpecifier.createFromBufferedImageType(Images.BUFFER_TYPE), parameters);
      IIOMetadataNode root = (IIOMetadataNode) markers.getAsTree(FORMAT);
      keepColours(root);
      addSettings(root);
      markers.setFromTree(FORMAT, root);
      writer.setOutput(out);
      writer.write(null, new IIOImage(Images.toBufferedImage(frame), null, markers), parameters);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** The writer would store colour at half the resolution. */
  private static void keepColours(IIOMetadataNode root) {
    NodeList components = root.getElementsByTagName("componentSpec");
    for (int i = 0; i < components.getLength(); i++) {
      IIOMetadataNode component = (IIOMetadataNode) components.item(i);
      component.setAttribute("HsamplingFactor", "1");
      component.setAttribute("VsamplingFactor", "1");
    }
  }

  private void addSettings(IIOMetadataNode root) {
    byte[] name = ExifComment.JPEG_NAME.getBytes(StandardCharsets.US_ASCII);
    byte[] data = ExifComment.data(metadata.toAsciiJson());
    if (name.length + data.length > ExifComment.JPEG_MOST_BYTES) {
      System.getLogger(JpegEncoder.class.getPackageName())
          .log(
              System.Logger.Level.WARNING,
              target
                  + " does not hold its settings, which are too long for a JPEG; PNG and WebP hold"
                  + " them");
      return;
    }
    byte[] segment = new byte[name.length + data.length];
    System.arraycopy(name, 0, segment, 0, name.length);
    System.arraycopy(data, 0, segment, name.length, data.length);
    IIOMetadataNode exif = new IIOMetadataNode("unknown");
    exif.setAttribute("MarkerTag", Integer.toString(ExifComment.JPEG_MARKER));
    exif.setUserObject(segment);
    IIOMetadataNode sequence =
        (IIOMetadataNode) root.getElementsByTagName("markerSequence").item(0);
    sequence.insertBefore(exif, sequence.getFirstChild());
  }
}
