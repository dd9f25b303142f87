// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A PyTorch checkpoint ({@code .pth}, {@code .pt}, {@code .ckpt}) as {@code torch.save} writes it
 * since version 1.6: a zip archive of a pickle and raw storages. Memory-mapped; tensors are views
 * on the archive's stored entries. Owner: close it when its tensors are no longer used.
 *
 * <p>The pickle is read as data, never run: tensors, dictionaries and plain values are understood,
 * and any other class or function is refused by name. A state dictionary may lie at the top or
 * under one of the usual keys ({@code state_dict}, {@code model}, {@code module}, {@code ema}).
 * Entries of the dictionary that are not tensors are left out.
 *
 * <p>Thread-safe for reading; close only when no other thread reads. Source: PyTorch
 * torch/serialization.py, {@code _save} and {@code _load}.
 */
public final class PthFile implements WeightSource {
  private static final String PICKLE = "data.pkl";
  private static final long MAX_PICKLE_BYTES = 16L << 20; // Wan 14B's has 0.3 MB

  private final MappedFile file;
  private final Map<String, WeightTensor> tensors;

  private PthFile(MappedFile file, Map<String, WeightTensor> tensors) {
    this.file = file;
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * Opens a file, reads its pickle and checks where the tensors lie; tensor data is not read.
   *
   * @throws WeightFormatException if it is not a PyTorch checkpoint, damaged, or holds more than
   *     tensors
   * @throws IOException if it cannot be opened
   */
  public static PthFile open(Path path) throws IOException {
    return open(MappedFile.open(path));
  }

  /** Takes over {@code file}; closes it on failure. */
  static PthFile open(MappedFile file) throws WeightFormatException {
    try {
      return new PthFile(file, read(file));
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private static Map<String, WeightTensor> read(MappedFile file) throws WeightFormatException {
    Map<String, ZipDirectory.Entry> entries = ZipDirectory.read(file);
    List<ZipDirectory.Entry> pickles =
        entries.values().stream()
            .filter(e -> e.name().equals(PICKLE) || e.name().endsWith("/" + PICKLE))
            .toList();
    if (pickles.size() != 1) {
      throw new WeightFormatException(
          file.path(),
          String.format(
              "the zip archive has %d entries named %s, expected one: it is not a PyTorch"
                  + " checkpoint",
              pickles.size(), PICKLE));
    }
    ZipDirectory.Entry pickle = pickles.get(0);
    if (pickle.length() > MAX_PICKLE_BYTES) {
      throw new WeightFormatException(
          file.path(),
          String.format(
              "its pickle has %,d bytes, expected at most %,d", pickle.length(), MAX_PICKLE_BYTES));
    }
    String root = pickle.name().substring(0, pickle.name().length() - PICKLE.length());
    checkByteOrder(file, entries.get(root + "byteorder"));
    TorchObjects torch = new TorchObjects(file, entries, root + "data/");
    Object value =
        PickleReader.read(file.window(pickle.offset(), pickle.length()), file.path(), torch);
    return torch.stateDictionary(value);
  }

  private static void checkByteOrder(MappedFile file, ZipDirectory.Entry entry)
      throws WeightFormatException {
    // Written since PyTorch 2.1; older files are of the machine's order, which was always little.
    if (entry == null) {
      return;
    }
    int length = (int) Math.min(16, entry.length());
    String order = new String(file.bytes(entry.offset(), length), StandardCharsets.US_ASCII);
    if (!order.equals("little")) {
      throw new WeightFormatException(
          file.path(), "its byte order is '" + order + "', expected 'little'; save it again");
    }
  }

  @Override
  public String description() {
    return file.path().toString();
  }

  @Override
  public List<Path> files() {
    return List.of(file.path());
  }

  @Override
  public Collection<WeightTensor> tensors() {
    return tensors.values();
  }

  @Override
  public Optional<WeightTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** Empty: the format has none. */
  @Override
  public Map<String, String> metadata() {
    return Map.of();
  }

  @Override
  public void close() {
    file.close();
  }

  @Override
  public String toString() {
    return description();
  }
}
