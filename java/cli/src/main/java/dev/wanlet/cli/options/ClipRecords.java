// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.base.Printable;
import dev.wanlet.base.UserCache;
import dev.wanlet.files.AtomicFile;
import dev.wanlet.files.Sha256;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.pipeline.GenerationResult;
import dev.wanlet.wan.request.SavedSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What the clips that were made here do not tell: where the files lay that they name. Kept in the
 * user's cache, a small file for each; one that cannot be written or read never fails a command.
 * Immutable, thread-safe, also between processes.
 *
 * @param folder made when the first clip is kept
 * @param most records, of which the oldest go
 */
record ClipRecords(Path folder, int most) {
  private static final System.Logger LOG = System.getLogger(ClipRecords.class.getName());
  private static final int MOST = 4096;
  private static final String ENDING = ".json";
  private static final int DIGITS = 16;

  /** Those of this user; empty where there is no place for a cache. */
  static Optional<ClipRecords> ofUser() {
    try {
      return Optional.of(new ClipRecords(UserCache.folder("clips"), MOST));
    } catch (UncheckedIOException e) {
      return Optional.empty();
    }
  }

  /** Remembers where the files of a clip that was just made lie, if it names any. */
  void keep(GenerationResult result, ModelFiles files) {
    VideoMetadata whole = SavedSettings.store(result.request(), files);
    if (SavedSettings.told(whole).equals(whole)) {
      return;
    }
    try {
      keep(VideoMetadata.read(result.output()), whole);
    } catch (IOException e) {
      LOG.log(
          Level.DEBUG,
          "where the clip''s files lie is not remembered: {0}",
          Printable.message(e.getMessage()));
    }
  }

  /**
   * Remembers the places.
   *
   * @param told what the clip carries
   * @param whole the same settings with whole paths
   */
  void keep(VideoMetadata told, VideoMetadata whole) throws IOException {
    byte[] json = whole.toJson().getBytes(StandardCharsets.UTF_8);
    Files.createDirectories(folder);
    // Clips may tell the same and yet be made with files of the same names: each has its record.
    String name = key(told) + "-" + Sha256.of(json).substring(0, DIGITS) + ENDING;
    AtomicFile.write(folder.resolve(name), json);
    makeRoom();
  }

  /** All that clips which tell this were made with here. */
  List<VideoMetadata> find(VideoMetadata told) {
    List<VideoMetadata> found = new ArrayList<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(folder, key(told) + "-*" + ENDING)) {
      for (Path file : files) {
        found.add(VideoMetadata.fromJson(Files.readString(file)));
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException | DirectoryIteratorException | IllegalArgumentException e) {
      LOG.log(
          Level.DEBUG,
          "what is remembered of the clip cannot be read: {0}",
          Printable.message(e.getMessage()));
    }
    return found;
  }

  private static String key(VideoMetadata told) {
    return Sha256.of(told.toJson().getBytes(StandardCharsets.UTF_8));
  }

  private record Entry(Path file, FileTime kept) {}

  /** Deletes the oldest. Another process may do the same. */
  private void makeRoom() throws IOException {
    List<Entry> entries = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + ENDING)) {
      for (Path file : files) {
        try {
          entries.add(new Entry(file, Files.getLastModifiedTime(file)));
        } catch (NoSuchFileException e) {
          LOG.log(Level.DEBUG, "{0} is gone already", file);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    entries.sort(Comparator.comparing(Entry::kept));
    for (Entry entry : entries.subList(0, Math.max(0, entries.size() - most))) {
      Files.deleteIfExists(entry.file());
    }
  }
}
