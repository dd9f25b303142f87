// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.pickle.PickleReader.Tuple;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The few of PyTorch's classes and functions that saved tensors refer to, as descriptions: nothing
 * is executed. Confined to one thread.
 *
 * <p>Source: PyTorch torch/_utils.py ({@code _rebuild_tensor_v2}, {@code _rebuild_tensor_v3},
 * {@code _rebuild_parameter}) and torch/storage.py.
 */
final class TorchObjects implements PickleReader.Host {
  private enum Function {
    ORDERED_DICT,
    SIZE,
    REBUILD_TENSOR,
    REBUILD_TENSOR_WITH_DTYPE,
    REBUILD_PARAMETER
  }

  /** A storage class such as {@code torch.HalfStorage}; {@code type} is null for untyped bytes. */
  private record StorageClass(StoredType type) {}

  /** Raw numbers in an archive entry; {@code count} is of elements, of bytes if untyped. */
  private record Storage(StoredType type, ZipDirectory.Entry entry, long count) {}

  /** A tensor's place, still without a name. */
  private record View(StoredType type, Shape shape, long offset) {}

  private static final Map<String, StoredType> STORAGES =
      Map.ofEntries(
          Map.entry("DoubleStorage", StoredType.F64),
          Map.entry("FloatStorage", StoredType.F32),
          Map.entry("HalfStorage", StoredType.F16),
          Map.entry("BFloat16Storage", StoredType.BF16),
          Map.entry("LongStorage", StoredType.I64),
          Map.entry("IntStorage", StoredType.I32),
          Map.entry("ShortStorage", StoredType.I16),
          Map.entry("CharStorage", StoredType.I8),
          Map.entry("ByteStorage", StoredType.U8),
          Map.entry("BoolStorage", StoredType.BOOL));

  private static final Map<String, StoredType> DTYPES =
      Map.ofEntries(
          Map.entry("float64", StoredType.F64),
          Map.entry("float32", StoredType.F32),
          Map.entry("float16", StoredType.F16),
          Map.entry("bfloat16", StoredType.BF16),
          Map.entry("float8_e4m3fn", StoredType.F8_E4M3),
          Map.entry("float8_e5m2", StoredType.F8_E5M2),
          Map.entry("int64", StoredType.I64),
          Map.entry("int32", StoredType.I32),
          Map.entry("int16", StoredType.I16),
          Map.entry("int8", StoredType.I8),
          Map.entry("uint64", StoredType.U64),
          Map.entry("uint32", StoredType.U32),
          Map.entry("uint16", StoredType.U16),
          Map.entry("uint8", StoredType.U8),
          Map.entry("bool", StoredType.BOOL));

  private static final Map<String, Function> FUNCTIONS =
      Map.of(
          "collections.OrderedDict", Function.ORDERED_DICT,
          "torch.Size", Function.SIZE,
          "torch._utils._rebuild_tensor", Function.REBUILD_TENSOR,
          "torch._utils._rebuild_tensor_v2", Function.REBUILD_TENSOR,
          "torch._utils._rebuild_tensor_v3", Function.REBUILD_TENSOR_WITH_DTYPE,
          "torch._utils._rebuild_parameter", Function.REBUILD_PARAMETER);

  /** Keys under which training code puts the weights, in the order they are tried. */
  private static final List<String> WRAPPERS = List.of("state_dict", "model", "module", "ema");

  /** Bounds the work of a hostile pickle that copies one long list again and again. */
  private static final int MAX_PAIRS = 1 << 20;

  private final MappedFile file;
  private final Map<String, ZipDirectory.Entry> entries;
  private final String storagePrefix;
  private int pairs;

  TorchObjects(MappedFile file, Map<String, ZipDirectory.Entry> entries, String storagePrefix) {
    this.file = file;
    this.entries = entries;
    this.storagePrefix = storagePrefix;
  }

  @Override
  public Object global(String module, String name) {
    if (module.equals("torch")) {
      if (STORAGES.containsKey(name)) {
        return new StorageClass(STORAGES.get(name));
      }
      if (DTYPES.containsKey(name)) {
        return DTYPES.get(name);
      }
    }
    if (module.equals("torch.storage") && name.equals("UntypedStorage")) {
      return new StorageClass(null);
    }
    return FUNCTIONS.get(module + "." + name);
  }

  @Override
  public Object call(Object callable, Tuple arguments) throws WeightFormatException {
    if (!(callable instanceof Function function)) {
      throw error("the pickle calls a value that is not a function");
    }
    return switch (function) {
      case ORDERED_DICT -> orderedDict(arguments);
      case SIZE -> argument(arguments, 0, Tuple.class, "torch.Size");
      case REBUILD_PARAMETER -> argument(arguments, 0, View.class, "_rebuild_parameter");
      case REBUILD_TENSOR -> {
        Storage storage = argument(arguments, 0, Storage.class, "a tensor");
        if (storage.type == null) {
          throw error("a tensor lies in a storage without a type");
        }
        yield view(storage, storage.type, arguments);
      }
      case REBUILD_TENSOR_WITH_DTYPE ->
          view(
              argument(arguments, 0, Storage.class, "a tensor"),
              argument(arguments, 6, StoredType.class, "a tensor"),
              arguments);
    };
  }

  /** PyTorch refers to storages as ('storage', class, key, device, number of elements). */
  @Override
  public Object persistent(Object id) throws WeightFormatException {
    if (!(id instanceof Tuple tuple) || tuple.size() != 5 || !"storage".equals(tuple.get(0))) {
      throw error("the pickle refers to an outside object that is not a storage");
    }
    StorageClass type = argument(tuple, 1, StorageClass.class, "a storage");
    String key = argument(tuple, 2, String.class, "a storage");
    long count = argument(tuple, 4, Long.class, "a storage");
    ZipDirectory.Entry entry = entries.get(storagePrefix + key);
    if (entry == null) {
      throw error("the storage '%s' is not in the archive", key);
    }
    int size = type.type == null ? 1 : type.type.elementBytes();
    if (count < 0 || count > entry.length() / size) {
      throw error(
          "storage '%s' should hold %,d elements of %d bytes, its entry has %,d bytes",
          key, count, size, entry.length());
    }
    return new Storage(type.type, entry, count);
  }

  /**
   * The tensors of the pickled value by name.
   *
   * @throws WeightFormatException if it is not a dictionary with tensors in it
   */
  Map<String, WeightTensor> stateDictionary(Object value) throws WeightFormatException {
    if (!(value instanceof Map<?, ?> top)) {
      throw error("it does not hold a dictionary of tensors; save model.state_dict()");
    }
    Map<?, ?> dictionary = top;
    for (int i = 0; i < WRAPPERS.size() && !holdsTensors(dictionary); i++) {
      if (top.get(WRAPPERS.get(i)) instanceof Map<?, ?> inner) {
        dictionary = inner;
      }
    }
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<?, ?> item : dictionary.entrySet()) {
      if (item.getValue() instanceof View view && item.getKey() instanceof String name) {
        tensors.put(
            name, new WeightTensor(name, view.type, view.shape, view.shape, file, view.offset));
      }
    }
    if (tensors.isEmpty()) {
      throw error("its dictionary holds no tensors; save model.state_dict()");
    }
    return tensors;
  }

  private static boolean holdsTensors(Map<?, ?> dictionary) {
    return dictionary.values().stream().anyMatch(View.class::isInstance);
  }

  /** Takes nothing, or a list of pairs as older Pythons pickle it. */
  private Map<Object, Object> orderedDict(Tuple arguments) throws WeightFormatException {
    Map<Object, Object> map = new LinkedHashMap<>();
    if (arguments.size() == 0) {
      return map;
    }
    for (Object item : argument(arguments, 0, List.class, "OrderedDict")) {
      Object key = null;
      Object value = null;
      if (item instanceof Tuple pair && pair.size() == 2) {
        key = pair.get(0);
        value = pair.get(1);
      } else if (item instanceof List<?> pair && pair.size() == 2) {
        key = pair.get(0);
        value = pair.get(1);
      }
      if (!(key instanceof String) || ++pairs > MAX_PAIRS) {
        throw error("an OrderedDict is not made of pairs of text and value");
      }
      map.put(key, value);
    }
    return map;
  }

  /** Arguments are (storage, offset, size, stride, ...), the last three in elements. */
  private View view(Storage storage, StoredType type, Tuple arguments)
      throws WeightFormatException {
    long offset = argument(arguments, 1, Long.class, "a tensor");
    long[] size = numbers(argument(arguments, 2, Tuple.class, "a tensor"));
    long[] stride = numbers(argument(arguments, 3, Tuple.class, "a tensor"));
    String key = storage.entry.name();
    if (stride.length != size.length) {
      throw error("a tensor in '%s' has %d sizes, %d strides", key, size.length, stride.length);
    }
    Shape shape;
    long bytes;
    try {
      shape = Shape.of(size);
      bytes = type.bytes(shape);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw error("a tensor in '%s' has an impossible shape: %s", key, e.getMessage());
    }
    long expected = 1;
    for (int i = size.length - 1; i >= 0 && shape.elements() > 0; i--) {
      if (size[i] != 1 && stride[i] != expected) {
        throw error(
            "the tensor of shape %s in '%s' is not contiguous (a transposed or expanded view); save"
                + " tensor.contiguous() instead",
            shape, key);
      }
      expected *= size[i];
    }
    long available =
        storage.count * (storage.type == null ? 1 : storage.type.elementBytes()) - bytes;
    if (offset < 0 || available < 0 || offset > available / type.elementBytes()) {
      throw error(
          "the tensor of shape %s at element %,d does not fit in its storage '%s' of %,d bytes",
          shape, offset, key, storage.entry.length());
    }
    return new View(type, shape, storage.entry.offset() + offset * type.elementBytes());
  }

  private long[] numbers(Tuple tuple) throws WeightFormatException {
    if (tuple.size() > WeightTensor.MAX_RANK) {
      throw error("a tensor has %d dimensions", tuple.size());
    }
    long[] numbers = new long[tuple.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = argument(tuple, i, Long.class, "a shape");
    }
    return numbers;
  }

  private <T> T argument(Tuple arguments, int index, Class<T> type, String of)
      throws WeightFormatException {
    if (index >= arguments.size() || !type.isInstance(arguments.get(index))) {
      throw error("part %d of %s is missing or of another kind than expected", index, of);
    }
    return type.cast(arguments.get(index));
  }

  private WeightFormatException error(String format, Object... arguments) {
    Path path = file.path();
    return new WeightFormatException(path, String.format(format, arguments));
  }
}
