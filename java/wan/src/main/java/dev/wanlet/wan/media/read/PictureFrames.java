// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.read;

import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.Signature;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The pictures of a folder in the order of their names, or one picture. Confined to one thread. */
final class PictureFrames implements FrameSource {
  private static final Pattern PART = Pattern.compile("\\d+|\\D+");

  private final Path place;
  private final List<Path> files;
  private final PictureHeader first;
  private final boolean still;
  private final List<String> notes;
  private int read;

  private PictureFrames(
      Path place, List<Path> files, PictureHeader first, boolean still, List<String> notes) {
    this.place = place;
    this.files = files;
    this.first = first;
    this.still = still;
    this.notes = notes;
  }

  /** One picture. */
  static PictureFrames of(Path file) throws IOException {
    return new PictureFrames(
        file, List.of(file), PictureReader.header(file), true, new ArrayList<>());
  }

  /** The pictures of a folder; other files in it are left out with a note. */
  static PictureFrames in(Path folder) throws IOException {
    List<Path> pictures = new ArrayList<>();
    int others = 0;
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        boolean hidden = entry.getFileName().toString().startsWith(".");
        if (hidden || !Files.isRegularFile(entry)) {
          continue;
        }
        if (Files.isReadable(entry) && Signature.of(entry) != Signature.OTHER) {
          pictures.add(entry);
        } else {
          others++;
        }
      }
    } catch (DirectoryIteratorException e) {
      throw new MediaException(folder, "this folder cannot be read", e);
    }
    if (pictures.isEmpty()) {
      throw new MediaException(
          folder,
          "holds no picture that can be read; expected PNG, JPEG, WebP, BMP, TIFF or GIF files, a"
              + " frame each");
    }
    pictures.sort(PictureFrames::byName);
    List<String> notes = new ArrayList<>();
    if (others > 0) {
      String what = others == 1 ? " file that is no picture" : " files that are no pictures";
      notes.add("holds " + others + what + "; left out");
    }
    PictureHeader header = PictureReader.header(pictures.get(0));
    return new PictureFrames(folder, List.copyOf(pictures), header, false, notes);
  }

  /** Numbers by their value, so that 2 is before 10; other parts as text. */
  static int byName(Path a, Path b) {
    Matcher left = PART.matcher(a.getFileName().toString());
    Matcher right = PART.matcher(b.getFileName().toString());
    while (true) {
      boolean more = left.find();
      boolean others = right.find();
      if (!more || !others) {
        return more == others ? a.compareTo(b) : Boolean.compare(more, others);
      }
      int order = compare(left.group(), right.group());
      if (order != 0) {
        return order;
      }
    }
  }

  private static int compare(String a, String b) {
    return isNumber(a) && isNumber(b)
        ? new BigInteger(a).compareTo(new BigInteger(b))
        : a.compareTo(b);
  }

  private static boolean isNumber(String part) {
    return part.charAt(0) >= '0' && part.charAt(0) <= '9';
  }

  @Override
  public int width() {
    return first.width();
  }

  @Override
  public int height() {
    return first.height();
  }

  @Override
  public int count() {
    return files.size();
  }

  @Override
  public OptionalDouble rate() {
    return OptionalDouble.empty();
  }

  @Override
  public boolean isStill() {
    return still;
  }

  @Override
  public List<String> notes() {
    return List.copyOf(notes);
  }

  @Override
  public Optional<RgbFrame> next() throws IOException {
    if (read == files.size()) {
      return Optional.empty();
    }
    Picture picture = PictureReader.read(files.get(read));
    RgbFrame frame = picture.frame();
    if (frame.width() != width() || frame.height() != height()) {
      throw new MediaException(
          files.get(read),
          String.format(
              "is %dx%d, the first picture in %s is %dx%d; expected pictures of one size",
              frame.width(), frame.height(), place.getFileName(), width(), height()));
    }
    if (read == 0) {
      notes.addAll(picture.notes()); // what is so with one is so with all
    }
    read++;
    return Optional.of(frame);
  }

  @Override
  public double seconds() {
    return 0;
  }

  @Override
  public long readingBytes() {
    return PictureReader.readingBytes(first);
  }

  @Override
  public void close() {
    read = files.size();
  }
}
