// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.files.OutputFile;
import dev.wanlet.files.WorkFolder;
import dev.wanlet.files.WriteException;
import dev.wanlet.wan.media.Images;
import dev.wanlet.wan.media.PngSequence;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.PngComment;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.FileImageOutputStream;

/**
 * Writes a lossless picture per frame, each with the settings as an {@code iTXt} chunk. The
 * pictures are collected in a hidden folder beside the target and get their names when the clip is
 * complete. Confined to one thread.
 */
final class PngSink extends ClipSink {
  private static final String FORMAT = "javax_imageio_png_1.0";

  private final PngSequence names;
  private final WorkFolder folder;
  private final ImageWriter writer;
  private final IIOMetadata settings;
  private int pictures;

  PngSink(Path target, ClipShape shape, VideoMetadata metadata) throws IOException {
    super(target, shape);
    this.names = PngSequence.of(target);
    writer = ImageIO.getImageWritersByFormatName("png").next();
    settings = chunk(metadata.toJson());
    folder = WorkFolder.beside(OutputFile.require(names.file(0)));
  }

  private IIOMetadata chunk(String json) throws IOException {
    IIOMetadata metadata =
        writer.getDefaultImageMetadata(
            ImageTypeSpecifier.createFromBufferedImageType(Images.BUFFER_TYPE), null);
    IIOMetadataNode entry = new IIOMetadataNode("iTXtEntry");
    entry.setAttribute("keyword", PngComment.KEYWORD);
    entry.setAttribute("compressionFlag", "FALSE");
    entry.setAttribute("compressionMethod", "0");
    entry.setAttribute("languageTag", "");
    entry.setAttribute("translatedKeyword", "");
    entry.setAttribute("text", json);
    IIOMetadataNode texts = new IIOMetadataNode("iTXt");
    texts.appendChild(entry);
    IIOMetadataNode root = new IIOMetadataNode(FORMAT);
    root.appendChild(texts);
    metadata.mergeTree(FORMAT, root);
    return metadata;
  }

  @Override
  void write(RgbFrame frame) throws IOException {
    try (FileImageOutputStream out =
        new FileImageOutputStream(folder.file(picture(pictures)).toFile())) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(Images.toBufferedImage(frame), null, settings), null);
    } catch (IOException e) {
      throw failure("cannot write frame " + frames(), e.getMessage(), e);
    } finally {
      writer.reset();
    }
    pictures++;
  }

  private void move(int index, Path file) throws WriteException {
    try {
      folder.moveTo(picture(index), OutputFile.require(file));
    } catch (IOException e) {
      throw WriteException.of(file, e, 0);
    }
  }

  private static String picture(int index) {
    return index + ".png";
  }

  @Override
  List<Path> complete() throws IOException {
    List<Path> files = names.files(pictures);
    for (Path file : files) {
      OutputFile.require(file); // all before the first is replaced
    }
    for (int i = 0; i < pictures; i++) {
      move(i, files.get(i));
    }
    warnOfOlderPictures();
    return files;
  }

  /** A longer sequence that was here before would show its end after ours. */
  private void warnOfOlderPictures() {
    Path next = names.file(pictures);
    if (pictures > 1 && Files.exists(next)) {
      System.getLogger(PngSink.class.getPackageName())
          .log(
              System.Logger.Level.WARNING,
              next + " and what follows it are of an older sequence and were left as they are");
    }
  }

  @Override
  void release() throws IOException {
    writer.dispose();
    folder.close();
  }
}
