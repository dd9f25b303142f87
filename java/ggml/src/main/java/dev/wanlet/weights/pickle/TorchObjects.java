// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.pickle.PickleReader.Foreign;
import dev.wanlet.weights.pickle.PickleReader.Tuple;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The few of PyTorch's and Python's classes and functions that saved tensors refer to, as
 * descriptions: nothing is executed. Others, such as a training program's settings, are kept as
 * {@link Foreign} notes. Confined to one thread.
 *
 * <p>Source: PyTorch torch/_utils.py ({@code _rebuild_tensor_v2}, {@code _rebuild_tensor_v3},
 * {@code _rebuild_parameter}) and torch/storage.py.
 */
final class TorchObjects implements PickleReader.Host {
  /** What the names of {@link Foreign} tensors begin with. */
  static final String FOREIGN_TENSOR = "tensor of ";

  private enum Function {
    DICT,
    SIZE,
    REBUILD_TENSOR,
    REBUILD_TENSOR_WITH_DTYPE,
    REBUILD_PARAMETER,
    REBUILD_SUBCLASS
  }

  /** Gives out the storages that persistent ids name. */
  interface Storages {
    /**
     * The storage under a key.
     *
     * @throws WeightFormatException if there is none, or it is too small
     */
    Storage find(String key, Storage.Elements elements, long count) throws WeightFormatException;
  }

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
          "collections.OrderedDict", Function.DICT,
          "collections.defaultdict", Function.DICT,
          "collections.Counter", Function.DICT,
          "torch.Size", Function.SIZE,
          "torch._utils._rebuild_tensor", Function.REBUILD_TENSOR,
          "torch._utils._rebuild_tensor_v2", Function.REBUILD_TENSOR,
          "torch._utils._rebuild_tensor_v3", Function.REBUILD_TENSOR_WITH_DTYPE,
          "torch._utils._rebuild_parameter", Function.REBUILD_PARAMETER,
          "torch._utils._rebuild_parameter_with_state", Function.REBUILD_PARAMETER,
          "torch._tensor._rebuild_from_type_v2", Function.REBUILD_SUBCLASS);

  /** Storages of types that Wanlet does not read, with the bytes of an element. */
  private static final Map<String, Integer> FOREIGN_STORAGES =
      Map.of(
          "ComplexFloatStorage", 8,
          "ComplexDoubleStorage", 16,
          "QInt8Storage", 1,
          "QUInt8Storage", 1,
          "QInt32Storage", 4,
          "QUInt4x2Storage", 1,
          "QUInt2x4Storage", 1);

  /**
   * Modules that a file of weights has no business with. Nothing of them would be run, as nothing
   * ever is: this is to say what the file tries with readers that do run it.
   */
  private static final Set<String> HOSTILE_MODULES =
      Set.of(
          "os",
          "posix",
          "nt",
          "subprocess",
          "sys",
          "shutil",
          "socket",
          "runpy",
          "importlib",
          "pty",
          "ctypes",
          "code",
          "webbrowser",
          "marshal",
          "pickle",
          "pip");

  private static final Set<String> HOSTILE_NAMES =
      Set.of(
          "builtins.eval",
          "builtins.exec",
          "builtins.compile",
          "builtins.open",
          "builtins.__import__",
          "builtins.breakpoint",
          "builtins.input",
          "torch.storage._load_from_bytes",
          "torch.load",
          "torch.hub.load");

  /** Bounds the work of a hostile pickle that copies one long list again and again. */
  private static final int MAX_PAIRS = 1 << 20;

  private final Path file;
  private final Storages storages;
  private int pairs;

  TorchObjects(Path file, Storages storages) {
    this.file = file;
    this.storages = storages;
  }

  @Override
  public Object global(String module, String name) throws WeightFormatException {
    if (module.equals("torch")) {
      if (STORAGES.containsKey(name)) {
        StoredType type = STORAGES.get(name);
        return new Storage.Elements(type, type.elementBytes(), null);
      }
      if (FOREIGN_STORAGES.containsKey(name)) {
        return new Storage.Elements(null, FOREIGN_STORAGES.get(name), name);
      }
      if (DTYPES.containsKey(name)) {
        return DTYPES.get(name);
      }
    }
    if (module.equals("torch.storage") && name.equals("UntypedStorage")) {
      return new Storage.Elements(null, 1, null);
    }
    String full = module + "." + name;
    Function function = FUNCTIONS.get(full);
    if (function != null) {
      return function;
    }
    String top = module.contains(".") ? module.substring(0, module.indexOf('.')) : module;
    if (HOSTILE_MODULES.contains(top)
        || HOSTILE_NAMES.contains(full.replace("__builtin__.", "builtins."))) {
      throw error(
          "it asks to load '%s', which is not part of tensor data: the file is hostile or damaged,"
              + " do not open it with a program that runs what it says",
          printable(full));
    }
    return new Foreign(printable(full));
  }

  @Override
  public Object call(Object callable, Tuple arguments) throws WeightFormatException {
    if (!(callable instanceof Function function)) {
      throw error("the pickle calls a value that is not a function");
    }
    return switch (function) {
      case DICT -> dictionary(arguments);
      case SIZE -> argument(arguments, 0, Tuple.class, "torch.Size");
      case REBUILD_PARAMETER -> parameter(arguments);
      case REBUILD_SUBCLASS -> {
        // (function, class, its arguments, attributes)
        Object rebuild = arguments.size() > 0 ? arguments.get(0) : null;
        Tuple own = argument(arguments, 2, Tuple.class, "a tensor");
        if (rebuild instanceof Function inner && inner != Function.REBUILD_SUBCLASS) {
          yield call(inner, own);
        }
        yield foreignTensor("a class of its own");
      }
      case REBUILD_TENSOR -> {
        Storage storage = argument(arguments, 0, Storage.class, "a tensor");
        if (storage.elements().foreign() != null) {
          yield foreignTensor(storage.elements().foreign());
        }
        if (storage.elements().type() == null) {
          throw error("a tensor lies in a storage without a type");
        }
        yield view(storage, storage.elements().type(), arguments);
      }
      case REBUILD_TENSOR_WITH_DTYPE -> {
        Storage storage = argument(arguments, 0, Storage.class, "a tensor");
        if (arguments.size() > 6 && arguments.get(6) instanceof Foreign dtype) {
          yield foreignTensor(dtype.name());
        }
        yield view(storage, argument(arguments, 6, StoredType.class, "a tensor"), arguments);
      }
    };
  }

  private Object parameter(Tuple arguments) throws WeightFormatException {
    boolean unknown = arguments.size() > 0 && arguments.get(0) instanceof Foreign;
    return unknown
        ? arguments.get(0)
        : argument(arguments, 0, TensorView.class, "_rebuild_parameter");
  }

  private static Foreign foreignTensor(String type) {
    Foreign tensor = new Foreign(FOREIGN_TENSOR + type);
    tensor.parts().add(PickleReader.NONE);
    return tensor;
  }

  /**
   * PyTorch refers to storages as ('storage', class, key, device, number of elements); old files
   * add None, or where in another storage it lies.
   */
  @Override
  public Object persistent(Object id) throws WeightFormatException {
    boolean known =
        id instanceof Tuple named
            && (named.size() == 5 || named.size() == 6)
            && "storage".equals(named.get(0));
    if (!known) {
      throw error("the pickle refers to an outside object that is not a storage");
    }
    Tuple tuple = (Tuple) id;
    if (tuple.size() == 6 && tuple.get(5) != PickleReader.NONE) {
      throw error("a storage lies inside another; load and save the file again with torch.save");
    }
    return storages.find(
        argument(tuple, 2, String.class, "a storage"),
        argument(tuple, 1, Storage.Elements.class, "a storage"),
        argument(tuple, 4, Long.class, "a storage"));
  }

  /**
   * Takes nothing, a list of pairs as older Pythons pickle an OrderedDict, the maker of a
   * defaultdict's defaults, or another dictionary.
   */
  private Map<Object, Object> dictionary(Tuple arguments) throws WeightFormatException {
    Map<Object, Object> map = new LinkedHashMap<>();
    if (arguments.size() == 0
        || !(arguments.get(0) instanceof List || arguments.get(0) instanceof Map)) {
      return map;
    }
    if (arguments.get(0) instanceof Map<?, ?> other) {
      pairs += other.size();
      if (pairs > MAX_PAIRS) {
        throw error("dictionaries are copied too often");
      }
      map.putAll(other);
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
      if (!(key instanceof String || key instanceof Long) || ++pairs > MAX_PAIRS) {
        throw error("an OrderedDict is not made of pairs of text and value");
      }
      map.put(key, value);
    }
    return map;
  }

  /** Arguments are (storage, offset, size, stride, ...), the last three in elements. */
  private TensorView view(Storage storage, StoredType type, Tuple arguments)
      throws WeightFormatException {
    long offset = argument(arguments, 1, Long.class, "a tensor");
    long[] size = numbers(argument(arguments, 2, Tuple.class, "a tensor"));
    long[] stride = numbers(argument(arguments, 3, Tuple.class, "a tensor"));
    if (stride.length != size.length) {
      throw error(
          "a tensor in '%s' has %d sizes, %d strides", storage.key(), size.length, stride.length);
    }
    Shape shape;
    long last = 0; // of the elements, from the first on
    try {
      shape = Shape.of(size);
      type.bytes(shape);
      for (int i = 0; i < size.length && shape.elements() > 0; i++) {
        if (stride[i] < 0) {
          throw new IllegalArgumentException("a stride of " + stride[i]);
        }
        last = Math.addExact(last, Math.multiplyExact(size[i] - 1, stride[i]));
      }
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw error("a tensor in '%s' has an impossible shape: %s", storage.key(), e.getMessage());
    }
    long available = storage.bytes() / type.elementBytes();
    boolean fits =
        offset >= 0 && offset <= available && (shape.elements() == 0 || last < available - offset);
    if (!fits || shape.elements() > available) {
      throw error(
          "the tensor of shape %s at element %,d does not fit in its storage '%s' of %,d bytes",
          shape, offset, storage.key(), storage.bytes());
    }
    return new TensorView(type, shape, storage, offset, stride);
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

  private static String printable(String name) {
    String shown = name.length() > 80 ? name.substring(0, 80) + "..." : name;
    return shown.replaceAll("\\p{Cntrl}", "?");
  }

  private WeightFormatException error(String format, Object... arguments) {
    return new WeightFormatException(file, String.format(format, arguments));
  }
}
