// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What the headers of a {@link FrameSource} say. Immutable.
 *
 * @param width pixels in a row
 * @param height rows
 * @param count as {@link FrameSource#count}
 * @param rate as {@link FrameSource#rate}
 * @param readingBytes as {@link FrameSource#readingBytes}
 */
public record FrameFacts(int width, int height, int count, OptionalDouble rate, long readingBytes) {
  private static final int KEPT = 8;

  /** A file as it was when it was read. */
  private record Version(Path file, long bytes, FileTime changed) {}

  /** A plan asks for the same few files over and over, and to open a video takes a while. */
  private static final Map<Version, FrameFacts> LAST =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Version, FrameFacts> eldest) {
          return size() > KEPT;
        }
      };

  /**
   * Reads them, unless the file is one of the last that were read and has not changed since. A
   * folder is looked at anew.
   *
   * @throws IOException as {@link FrameSource#open}
   */
  public static FrameFacts of(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return read(file);
    }
    BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
    Version version = new Version(file.toAbsolutePath(), now.size(), now.lastModifiedTime());
    synchronized (LAST) {
      FrameFacts facts = LAST.get(version);
      if (facts == null) {
        facts = read(file);
        LAST.put(version, facts);
      }
      return facts;
    }
  }

  private static FrameFacts read(Path file) throws IOException {
    try (FrameSource open = FrameSource.open(file)) {
      return new FrameFacts(
          open.width(), open.height(), open.count(), open.rate(), open.readingBytes());
    }
  }
}
