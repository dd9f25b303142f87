// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.prompts;

import dev.wanlet.base.Printable;
import dev.wanlet.files.AtomicFile;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Encoded prompts on disk, a file for each, so that a prompt that comes again needs no text
 * encoder. Several processes may use a folder at once: files appear whole, and each carries a sum.
 * What was not used for longest goes when there is too much. A cache that cannot be read or written
 * never fails a run. Immutable, thread-safe.
 *
 * @param folder made when the first prompt is kept
 * @param maxBytes most bytes of all files together
 */
public record PromptCache(Path folder, long maxBytes) {
  private static final System.Logger LOG = System.getLogger(PromptCache.class.getName());

  /** A prompt of 512 tokens takes 8 MiB, most take 1. */
  private static final long DEFAULT_BYTES = 256L << 20;

  private static final String ENDING = ".context";
  private static final int SIGNATURE = 0x57504331; // WPC1
  private static final int HEADER_BYTES = 3 * Integer.BYTES;
  private static final int SUM_BYTES = Long.BYTES;

  /** A cache of 256 MiB, some hundred prompts. */
  public PromptCache(Path folder) {
    this(folder, DEFAULT_BYTES);
  }

  private Path file(String key) {
    return folder.resolve(key + ENDING);
  }

  /**
   * The context of a prompt.
   *
   * @param key of everything that it depends on
   * @return [tokens, dim]; empty if there is none, or what there is is damaged, which is logged
   */
  public Optional<float[]> find(String key, int tokens, int dim) {
    Path file = file(key);
    try {
      byte[] bytes = Files.readAllBytes(file);
      float[] context = read(bytes, tokens, dim);
      touch(file);
      return Optional.of(context);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      LOG.log(
          Level.WARNING,
          "a kept prompt is passed over and made anew: {0}: {1}",
          Printable.text(file),
          Printable.message(e.getMessage()));
      return Optional.empty();
    }
  }

  private static float[] read(byte[] bytes, int tokens, int dim) throws IOException {
    long values = (long) tokens * dim;
    if (bytes.length != HEADER_BYTES + values * Float.BYTES + SUM_BYTES) {
      throw new IOException("it is damaged: " + bytes.length + " bytes");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    boolean fits =
        buffer.getInt() == SIGNATURE && buffer.getInt() == tokens && buffer.getInt() == dim;
    if (!fits || buffer.getLong(bytes.length - SUM_BYTES) != sum(bytes)) {
      throw new IOException("it is damaged");
    }
    float[] context = new float[(int) values];
    buffer.asFloatBuffer().get(context);
    return context;
  }

  private static long sum(byte[] bytes) {
    CRC32C sum = new CRC32C();
    sum.update(bytes, 0, bytes.length - SUM_BYTES);
    return sum.getValue();
  }

  private static void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "{0} keeps its age: {1}", file, e.getMessage());
    }
  }

  /**
   * Keeps a prompt's context; a failure is logged.
   *
   * @param context [tokens, dim]
   */
  public void keep(String key, float[] context, int tokens) {
    byte[] bytes = new byte[HEADER_BYTES + context.length * Float.BYTES + SUM_BYTES];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(SIGNATURE).putInt(tokens).putInt(context.length / tokens);
    buffer.asFloatBuffer().put(context);
    buffer.putLong(bytes.length - SUM_BYTES, sum(bytes));
    try {
      Files.createDirectories(folder);
      AtomicFile.write(file(key), bytes);
      makeRoom();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "a prompt could not be kept: {0}", Printable.message(e.getMessage()));
    }
  }

  private record Entry(Path file, long bytes, FileTime used) {}

  /** Deletes what was not used for longest. Another process may do the same. */
  private void makeRoom() throws IOException {
    List<Entry> entries = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + ENDING)) {
      for (Path file : files) {
        try {
          entries.add(new Entry(file, Files.size(file), Files.getLastModifiedTime(file)));
        } catch (NoSuchFileException e) {
          LOG.log(Level.DEBUG, "{0} is gone already", file);
        }
      }
    }
    entries.sort(Comparator.comparing(Entry::used));
    long total = entries.stream().mapToLong(Entry::bytes).sum();
    for (Entry entry : entries) {
      if (total <= maxBytes) {
        return;
      }
      Files.deleteIfExists(entry.file());
      total -= entry.bytes();
    }
  }
}
