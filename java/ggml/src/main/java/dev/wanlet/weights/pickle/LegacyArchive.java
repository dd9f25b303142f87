// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A checkpoint of PyTorch before version 1.6: five pickles (a mark, the protocol, the machine, the
 * value, the keys of its storages), then each storage as its number of elements and its bytes.
 * Confined to one thread.
 */
final class LegacyArchive implements TorchObjects.Storages {
  private static final BigInteger MARK = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long PROTOCOL = 1001;
  private static final long MAX_PICKLE_BYTES = 64L << 20;

  private final MappedFile file;
  private final Map<String, Storage> storages = new LinkedHashMap<>();

  private LegacyArchive(MappedFile file) {
    this.file = file;
  }

  /** The pickled value, whose storages are placed. */
  static Object read(MappedFile file) throws WeightFormatException {
    return new LegacyArchive(file).read();
  }

  private Object read() throws WeightFormatException {
    ByteBuffer pickles = file.window(0, Math.min(file.length(), MAX_PICKLE_BYTES));
    if (!MARK.equals(next(pickles)) || !Long.valueOf(PROTOCOL).equals(next(pickles))) {
      throw error("it is not a PyTorch checkpoint of the format before version 1.6");
    }
    boolean bigEndian =
        next(pickles) instanceof Map<?, ?> machine
            && Boolean.FALSE.equals(machine.get("little_endian"));
    if (bigEndian) {
      throw error("its byte order is 'big', expected 'little'; save it again");
    }
    Object value = next(pickles);
    if (!(next(pickles) instanceof List<?> keys)) {
      throw error("it does not list its storages");
    }
    place(keys, pickles.position());
    return value;
  }

  private Object next(ByteBuffer pickles) throws WeightFormatException {
    return PickleReader.read(pickles, file.path(), new TorchObjects(file.path(), this));
  }

  @Override
  public Storage find(String key, Storage.Elements elements, long count)
      throws WeightFormatException {
    boolean possible = count >= 0 && count <= file.length() / elements.elementBytes();
    Storage known = storages.computeIfAbsent(key, k -> new Storage(k, elements, count));
    if (!possible || known.count() != count || !known.elements().equals(elements)) {
      throw error(
          "storage '%s' should hold %,d elements of %d bytes, the file has %,d bytes",
          key, count, elements.elementBytes(), file.length());
    }
    return known;
  }

  private void place(List<?> keys, long start) throws WeightFormatException {
    long at = start;
    Set<Object> seen = new HashSet<>();
    for (Object key : keys) {
      Storage storage = key instanceof String ? storages.get(key) : null;
      if (storage == null || !seen.add(key)) {
        throw error("it lists a storage that no tensor uses, or one twice");
      }
      long left = file.length() - at - Long.BYTES;
      if (left < storage.bytes() || file.u64(at) != storage.count()) {
        throw error(
            "storage '%s' of %,d elements is incomplete; download the file again",
            storage.key(), storage.count());
      }
      storage.place(file, at + Long.BYTES);
      at += Long.BYTES + storage.bytes();
    }
    for (Storage storage : storages.values()) {
      if (!storage.isPlaced()) {
        throw error("storage '%s' is missing; download the file again", storage.key());
      }
    }
  }

  private WeightFormatException error(String format, Object... arguments) {
    Path path = file.path();
    return new WeightFormatException(path, String.format(format, arguments));
  }
}
