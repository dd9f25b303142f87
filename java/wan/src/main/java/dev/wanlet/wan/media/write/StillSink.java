// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.write;

import dev.wanlet.files.WriteException;
import dev.wanlet.wan.media.RgbFrame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes the one frame of a clip as a picture with the settings inside. Confined to one thread. */
final class StillSink extends ClipSink {
  private final PendingFile file;
  private final Encoder encoder;

  /** Makes a picture file of a frame. */
  interface Encoder {
    byte[] encode(RgbFrame frame) throws IOException;
  }

  StillSink(PendingFile file, ClipShape shape, Encoder encoder) {
    super(file.target(), shape);
    this.file = file;
    this.encoder = encoder;
  }

  @Override
  void write(RgbFrame frame) throws IOException {
    if (frames() > 0) {
      throw new IllegalStateException(file.target() + ": a second frame for a picture of one");
    }
    byte[] picture;
    try {
      picture = encoder.encode(frame);
    } catch (IOException e) {
      throw failure("cannot encode the picture", e.getMessage(), e);
    }
    try {
      Files.write(file.temporary(), picture);
    } catch (IOException e) {
      throw WriteException.of(file.target(), e, picture.length);
    }
  }

  @Override
  List<Path> complete() throws IOException {
    try {
      file.commit();
    } catch (IOException e) {
      throw WriteException.of(file.target(), e, 0);
    }
    return List.of(file.target());
  }

  @Override
  void release() throws IOException {
    file.delete();
  }
}
