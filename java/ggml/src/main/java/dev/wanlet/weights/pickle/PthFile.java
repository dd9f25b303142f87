// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.FileSource;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.pickle.PickleReader.Foreign;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A PyTorch checkpoint ({@code .pth}, {@code .pt}, {@code .bin}, {@code .ckpt}) as {@code
 * torch.save} writes it: since version 1.6 a zip archive of a pickle and raw storages, before that
 * a row of pickles and storages. Memory-mapped; tensors are views on the file, but for those that
 * are compressed or transposed, which are brought to memory. Owner: close it when its tensors are
 * no longer used.
 *
 * <p>The pickle is read as data, never run: tensors, dictionaries and plain values are understood,
 * objects of other classes are passed over, and a class or function that has no business in a file
 * of weights is refused by name. Names are those of {@link StateDictionary}.
 *
 * <p>Thread-safe for reading; close only when no other thread reads. Source: PyTorch
 * torch/serialization.py, {@code _save} and {@code _load}, {@code _legacy_save}.
 */
public final class PthFile extends FileSource {
  private final MappedFile file;
  private final List<MappedFile> copies = new ArrayList<>();
  private final Map<String, WeightTensor> tensors;
  private final Map<String, String> passedOver = new LinkedHashMap<>();

  private PthFile(MappedFile file) {
    this(file, new LinkedHashMap<>());
  }

  private PthFile(MappedFile file, Map<String, WeightTensor> tensors) {
    super(file, tensors);
    this.file = file;
    this.tensors = tensors;
  }

  /**
   * Opens a file in the format since version 1.6, reads its pickle and checks where the tensors
   * lie; tensor data is read only where it has to be unpacked or rearranged.
   *
   * @throws WeightFormatException if it is not a PyTorch checkpoint, damaged or hostile
   * @throws IOException if it cannot be opened
   */
  public static PthFile open(Path path) throws IOException {
    return open(MappedFile.open(path));
  }

  /**
   * Opens a file in the format of before version 1.6, as {@link #open(Path)} does.
   *
   * @throws WeightFormatException if it is not a PyTorch checkpoint, damaged or hostile
   * @throws IOException if it cannot be opened
   */
  public static PthFile openLegacy(Path path) throws IOException {
    return openLegacy(MappedFile.open(path));
  }

  /** Takes over {@code file}; closes it on failure. */
  static PthFile open(MappedFile file) throws WeightFormatException {
    PthFile pth = new PthFile(file);
    return pth.filled(() -> ZipArchive.read(file, pth.copies));
  }

  /** Takes over {@code file}; closes it on failure. */
  static PthFile openLegacy(MappedFile file) throws WeightFormatException {
    return new PthFile(file).filled(() -> LegacyArchive.read(file));
  }

  private interface Reading {
    Object value() throws WeightFormatException;
  }

  private PthFile filled(Reading reading) throws WeightFormatException {
    try {
      for (Map.Entry<String, Object> item :
          StateDictionary.of(reading.value(), path()).entrySet()) {
        if (item.getValue() instanceof TensorView view) {
          tensors.put(item.getKey(), tensor(item.getKey(), view));
        } else {
          passedOver.put(item.getKey(), ((Foreign) item.getValue()).name());
        }
      }
      return this;
    } catch (Throwable e) {
      close();
      throw e;
    }
  }

  private WeightTensor tensor(String name, TensorView view) throws WeightFormatException {
    Shape shape = view.shape();
    if (view.isContiguous()) {
      Storage storage = view.storage();
      long at = storage.offset() + view.offset() * view.type().elementBytes();
      return new WeightTensor(name, view.type(), shape, shape, storage.file(), at);
    }
    long inMemory = copies.stream().mapToLong(MappedFile::length).sum();
    if (view.bytes() > Math.max(file.length(), ZipArchive.SMALL) - inMemory) {
      throw new WeightFormatException(
          path(),
          String.format(
              "'%s' and others are transposed views that take more memory than the file; save"
                  + " tensor.contiguous() instead",
              name));
    }
    MappedFile copy = MappedFile.owning(path(), view.gather());
    copies.add(copy);
    return new WeightTensor(name, view.type(), shape, shape, copy, 0);
  }

  /** Empty: the format has none. */
  @Override
  public Map<String, String> metadata() {
    return Map.of();
  }

  @Override
  public Map<String, String> passedOver() {
    return Collections.unmodifiableMap(passedOver);
  }

  @Override
  public void close() {
    copies.forEach(MappedFile::close);
    super.close();
  }
}
