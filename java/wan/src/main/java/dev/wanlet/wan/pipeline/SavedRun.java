// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.files.AtomicFile;
import dev.wanlet.files.DiskSpace;
import dev.wanlet.files.Uninterrupted;
import dev.wanlet.files.WorkFolder;
import dev.wanlet.files.WriteException;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Owner: the file that one run is saved in. While this is open no other run saves there, in this
 * process or another, and room for what is to come is taken on the disk. Confined to one thread.
 */
final class SavedRun implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(SavedRun.class.getName());

  /** Room for the first file. */
  private static final String FIRST = "first";

  /** Room for a newer file beside an older one. */
  private static final String NEXT = "next";

  /** The older file while a newer one takes its place; then its room is the next. */
  private static final String OLD = "old";

  /** Room for the clip. */
  private static final String CLIP = "clip";

  private static final int ZEROS = 1 << 20;

  private final Path output;
  private final Path file;
  private final WorkFolder claim;
  private final Optional<RunCheckpoint> found;
  private long savedBytes;

  private SavedRun(Path output, Path file, WorkFolder claim, Optional<RunCheckpoint> found) {
    this.output = output;
    this.file = file;
    this.claim = claim;
    this.found = found;
  }

  /** What becomes of runs of other requests that are saved for the same output. */
  enum Others {
    /** There must be none, unless this run was saved as well. */
    REFUSED,
    /** They are lost, and so is what was saved of this run. */
    LOST,
    /** They stay: this run is one of several. */
    LEFT
  }

  /**
   * Finds the place for a run: the one where an earlier run of the same request was saved, else one
   * that is free. Places of runs that still go on are left to them.
   *
   * @param settings of the request
   * @throws SavedRunException if another request's run is saved for this output
   * @throws WeightFormatException if a saved run is damaged, and is not to be left
   * @throws WriteException if the place cannot be written
   */
  static SavedRun open(Path output, VideoMetadata settings, Others others) throws IOException {
    SavedRun best = null;
    SavedRunException other = null;
    try {
      for (int i = 1; i <= RunCheckpoint.MOST_PLACES; i++) {
        Path file = RunCheckpoint.fileFor(output, i);
        if (best != null && !Files.exists(file)) {
          continue;
        }
        try {
          best = better(best, candidate(output, file, settings, others));
        } catch (SavedRunException e) {
          other = other == null ? e : other;
        } catch (WeightFormatException e) {
          if (others != Others.LEFT) {
            throw e;
          }
        }
      }
      if (best == null) {
        throw new WriteException(
            output, "more than " + RunCheckpoint.MOST_PLACES + " runs are making this clip");
      }
      if (others == Others.REFUSED && other != null && best.found().isEmpty()) {
        throw other;
      }
      return best;
    } catch (IOException | RuntimeException e) {
      if (best != null) {
        best.close();
      }
      throw e;
    }
  }

  /** A place with what it holds; null while another run holds it. */
  private static SavedRun candidate(Path output, Path file, VideoMetadata settings, Others others)
      throws IOException {
    WorkFolder claim = WorkFolder.claim(file).orElse(null);
    if (claim == null) {
      return null;
    }
    try {
      Optional<RunCheckpoint> found = Optional.empty();
      if (others != Others.LOST && Files.exists(file)) {
        found = Optional.of(RunCheckpoint.load(file));
        if (!found.get().settings().equals(settings)) {
          throw new SavedRunException(file, found.get());
        }
      }
      return new SavedRun(output, file, claim, found);
    } catch (IOException | RuntimeException e) {
      claim.close();
      throw e;
    }
  }

  /** The one that has come further; the other is closed. Either may be null. */
  private static SavedRun better(SavedRun first, SavedRun second) {
    if (first == null || second == null) {
      return first == null ? second : first;
    }
    boolean further = second.steps() > first.steps();
    (further ? first : second).close();
    return further ? second : first;
  }

  private int steps() {
    return found.map(f -> f.sampler().nextStep()).orElse(-1);
  }

  /** Where this run is saved. */
  Path file() {
    return file;
  }

  /** What was there when this was opened. */
  Optional<RunCheckpoint> found() {
    return found;
  }

  /**
   * Takes room on the disk for saving and for the clip.
   *
   * @param saved bytes of a saved run, at most
   * @param clip bytes of the clip, at most
   * @throws WriteException if there is not so much; the message names both sizes
   */
  void reserve(long saved, long clip) throws WriteException {
    boolean replaces = Files.exists(file);
    long needed = clip + (replaces ? 1 : 2) * saved;
    DiskSpace.require(file, needed);
    savedBytes = saved;
    try {
      fill(CLIP, clip);
      fill(NEXT, saved);
      if (!replaces) {
        fill(FIRST, saved);
      }
    } catch (IOException e) {
      throw WriteException.of(file, e, needed);
    }
  }

  // Zeros that are written take their blocks for sure, which a length that is only set does not.
  private void fill(String name, long bytes) throws IOException {
    Uninterrupted.call(
        () -> {
          byte[] zeros = new byte[ZEROS];
          try (OutputStream out =
              Files.newOutputStream(
                  claim.file(name), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            for (long left = bytes - Files.size(claim.file(name)); left > 0; left -= ZEROS) {
              out.write(zeros, 0, (int) Math.min(ZEROS, left));
            }
          }
          return null;
        });
  }

  /**
   * Replaces what is saved. Writes over room that is held already, so that another program that
   * fills the disk does not stand in the way; the older file's room is held for the next time.
   *
   * @throws IOException if the disk is full or refuses; the older file stays
   */
  void save(RunCheckpoint checkpoint) throws IOException {
    boolean replaces = Files.exists(file);
    Uninterrupted.call(
        () -> {
          keepOld(replaces);
          checkpoint.save(new AtomicFile(file, claim, replaces ? NEXT : FIRST), output);
          return null;
        });
    if (replaces) {
      try {
        if (Files.exists(claim.file(OLD))) {
          Files.move(claim.file(OLD), claim.file(NEXT));
        }
        fill(NEXT, savedBytes);
      } catch (IOException e) {
        LOG.log(Level.DEBUG, () -> "no room is left for saving the run once more: " + e);
      }
    }
  }

  /** Holds the room of the older file, where the file system has links. */
  private void keepOld(boolean replaces) throws IOException {
    Files.deleteIfExists(claim.file(OLD));
    if (replaces) {
      try {
        Files.createLink(claim.file(OLD), file);
      } catch (IOException | UnsupportedOperationException e) {
        LOG.log(Level.DEBUG, () -> "the room of " + file + " is taken anew: " + e);
      }
    }
  }

  /** Gives the room back that was taken: the clip is going to be written. */
  void releaseRoom() throws IOException {
    for (String name : new String[] {CLIP, NEXT, FIRST, OLD}) {
      Files.deleteIfExists(claim.file(name));
    }
  }

  /** The clip is there: what was saved is not needed any more. */
  void delete() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.log(Level.WARNING, () -> file + " is not needed any more and could not be deleted: " + e);
    }
  }

  /** Leaves the place to others, with what is saved there. */
  @Override
  public void close() {
    try {
      claim.close();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, () -> "a later run removes what is left beside " + file + ": " + e);
    }
  }
}
