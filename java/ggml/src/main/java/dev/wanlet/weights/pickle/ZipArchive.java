// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A checkpoint of PyTorch since version 1.6: {@code ROOT/data.pkl} and storages {@code
 * ROOT/data/KEY} in a zip archive. Confined to one thread.
 */
final class ZipArchive implements TorchObjects.Storages {
  private static final String PICKLE = "data.pkl";
  private static final long MAX_PICKLE_BYTES = 16L << 20; // Wan 14B's has 0.3 MB

  /** Unpacked weights take this many times the file at most: real ones shrink by a few percent. */
  private static final int MOST_UNPACKED = 16;

  /** What may be brought to memory whatever the size of the file. */
  static final long SMALL = 64L << 20;

  private static final int PART = 1 << 20;

  private final MappedFile file;
  private final Map<String, ZipDirectory.Entry> entries;
  private final List<MappedFile> copies;
  private final Map<String, MappedFile> unpacked = new HashMap<>();
  private String root;

  private ZipArchive(
      MappedFile file, Map<String, ZipDirectory.Entry> entries, List<MappedFile> copies) {
    this.file = file;
    this.entries = entries;
    this.copies = copies;
  }

  /**
   * The pickled value, whose storages are placed.
   *
   * @param copies gets what had to be unpacked; the caller closes it, whatever happens
   */
  static Object read(MappedFile file, List<MappedFile> copies) throws WeightFormatException {
    return new ZipArchive(file, ZipDirectory.read(file), copies).read();
  }

  private Object read() throws WeightFormatException {
    List<ZipDirectory.Entry> pickles =
        entries.values().stream()
            .filter(e -> e.name().equals(PICKLE) || e.name().endsWith("/" + PICKLE))
            .toList();
    if (pickles.size() != 1) {
      throw error(
          "the zip archive has %d entries named %s, expected one: it is not a PyTorch checkpoint",
          pickles.size(), PICKLE);
    }
    ZipDirectory.Entry pickle = pickles.get(0);
    if (pickle.length() > MAX_PICKLE_BYTES) {
      throw error(
          "its pickle has %,d bytes, expected at most %,d", pickle.length(), MAX_PICKLE_BYTES);
    }
    root = pickle.name().substring(0, pickle.name().length() - PICKLE.length());
    checkByteOrder(entries.get(root + "byteorder"));
    return PickleReader.read(contents(pickle), file.path(), new TorchObjects(file.path(), this));
  }

  private void checkByteOrder(ZipDirectory.Entry entry) throws WeightFormatException {
    // Written since PyTorch 2.1; older files are of the machine's order, which was always little.
    if (entry == null) {
      return;
    }
    ByteBuffer bytes = contents(entry);
    bytes.limit(Math.min(16, bytes.limit()));
    String order = StandardCharsets.US_ASCII.decode(bytes).toString();
    if (!order.equals("little")) {
      throw error("its byte order is '%s', expected 'little'; save it again", order);
    }
  }

  @Override
  public Storage find(String key, Storage.Elements elements, long count)
      throws WeightFormatException {
    ZipDirectory.Entry entry = entries.get(root + "data/" + key);
    if (entry == null) {
      throw error("the storage '%s' is not in the archive", key);
    }
    if (count < 0 || count > entry.length() / elements.elementBytes()) {
      throw error(
          "storage '%s' should hold %,d elements of %d bytes, its entry has %,d bytes",
          key, count, elements.elementBytes(), entry.length());
    }
    Storage storage = new Storage(key, elements, count);
    if (entry.deflated()) {
      storage.place(unpacked(entry), 0);
    } else {
      storage.place(file, entry.offset());
    }
    return storage;
  }

  private ByteBuffer contents(ZipDirectory.Entry entry) throws WeightFormatException {
    return entry.deflated()
        ? unpacked(entry).window(0, entry.length())
        : file.window(entry.offset(), entry.length());
  }

  private MappedFile unpacked(ZipDirectory.Entry entry) throws WeightFormatException {
    MappedFile known = unpacked.get(entry.name());
    if (known != null) {
      return known;
    }
    long inMemory = copies.stream().mapToLong(MappedFile::length).sum();
    long most = Math.max(SMALL, Math.multiplyExact(file.length(), (long) MOST_UNPACKED));
    if (entry.length() > most - inMemory) {
      throw error(
          "its compressed entries are %,d times the file; save it again with torch.save",
          MOST_UNPACKED);
    }
    HostMemory memory = new HostMemory(entry.length());
    MappedFile copy = MappedFile.owning(file.path(), memory);
    copies.add(copy);
    unpacked.put(entry.name(), copy);
    inflate(entry, memory);
    return copy;
  }

  private void inflate(ZipDirectory.Entry entry, HostMemory memory) throws WeightFormatException {
    Inflater inflater = new Inflater(true);
    byte[] part = new byte[(int) Math.min(PART, Math.max(1, entry.length()))];
    long done = 0;
    long taken = 0;
    try {
      while (done < entry.length()) {
        if (inflater.needsInput() && taken < entry.stored()) {
          long next = Math.min(PART, entry.stored() - taken);
          inflater.setInput(file.window(entry.offset() + taken, next));
          taken += next;
        }
        int n = inflater.inflate(part, 0, (int) Math.min(part.length, entry.length() - done));
        if (n == 0
            && (inflater.finished() || inflater.needsDictionary() || taken == entry.stored())) {
          break;
        }
        memory.view(done, n).put(part, 0, n);
        done += n;
      }
    } catch (DataFormatException e) {
      throw error("its compressed entry '%s' is damaged; download it again", entry.name());
    } finally {
      inflater.end();
    }
    if (done < entry.length()) {
      throw error("its compressed entry '%s' is incomplete; download it again", entry.name());
    }
  }

  private WeightFormatException error(String format, Object... arguments) {
    return new WeightFormatException(file.path(), String.format(format, arguments));
  }
}
