// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import dev.wanlet.weights.WeightFormatException;
import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a Python pickle of plain data: numbers, text, tuples, lists, dictionaries, and what a
 * {@link Host} makes of the few classes and functions it knows by name. Nothing is executed: an
 * object of any other class is a {@link Foreign}, a note of what it was made of. Work and memory
 * are bounded by the pickle's length. Confined to one thread.
 *
 * <p>Python's values become {@link Long}, {@link BigInteger}, {@link Double}, {@link Boolean},
 * {@link String}, {@code byte[]}, {@link Tuple}, {@link List} (of sets too), {@link Map}, {@link
 * Foreign} and {@link #NONE}. Values may contain themselves, so they must not be hashed, compared
 * or printed whole.
 *
 * <p>Source: the opcodes of Python's Lib/pickletools.py, protocols 2 to 5.
 */
final class PickleReader {
  /** What the pickle's globals and persistent ids mean. */
  interface Host {
    /**
     * The value for a global; a {@link Foreign} for one that means nothing here.
     *
     * @throws WeightFormatException if the global has no business in a file of data
     */
    Object global(String module, String name) throws WeightFormatException;

    /** What a call of a value that {@link #global} returned, not a {@link Foreign}, gives. */
    Object call(Object callable, Tuple arguments) throws WeightFormatException;

    /** The object that stands outside the pickle under that id. */
    Object persistent(Object id) throws WeightFormatException;
  }

  /** A Python tuple; compared by identity. */
  static final class Tuple {
    private final List<Object> items;

    Tuple(List<Object> items) {
      this.items = items;
    }

    int size() {
      return items.size();
    }

    Object get(int index) {
      return items.get(index);
    }
  }

  /**
   * A class or function that means nothing here, or what would be made with it. Compared by
   * identity.
   */
  static final class Foreign {
    private final String name;
    private final List<Object> parts = new ArrayList<>();

    Foreign(String name) {
      this.name = name;
    }

    /** Such as {@code argparse.Namespace}. */
    String name() {
      return name;
    }

    /** Arguments, attributes and items, in the order they came. */
    List<Object> parts() {
      return parts;
    }
  }

  /** Python's None. */
  static final Object NONE =
      new Object() {
        @Override
        public String toString() {
          return "None";
        }
      };

  private static final int HIGHEST_PROTOCOL = 5;

  private final ByteBuffer in;
  private final Path file;
  private final Host host;
  private final ArrayList<Object> stack = new ArrayList<>();
  private final Deque<Integer> marks = new ArrayDeque<>();
  private final Map<Long, Object> memo = new HashMap<>();

  private PickleReader(ByteBuffer pickle, Path file, Host host) {
    this.in = pickle.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    this.file = file;
    this.host = host;
  }

  /**
   * The value pickled at a buffer's position, which moves behind it.
   *
   * @throws WeightFormatException if the pickle is damaged or uses what the host does not know
   */
  static Object read(ByteBuffer pickle, Path file, Host host) throws WeightFormatException {
    PickleReader reader = new PickleReader(pickle, file, host);
    try {
      Object value = reader.run();
      pickle.position(reader.in.position());
      return value;
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      throw reader.error("it ends in the middle of a value");
    }
  }

  private Object run() throws WeightFormatException {
    while (true) {
      int opcode = in.get() & 0xff;
      switch (opcode) {
        case 0x80 -> protocol();
        case 0x95 -> in.getLong(); // FRAME: a hint for readers of streams
        case '.' -> {
          return result();
        }
        case '(' -> marks.push(stack.size());
        case '0' -> pop();
        case '1' -> popMark();
        case '2' -> push(peek());
        case 'N' -> push(NONE);
        case 0x88 -> push(true);
        case 0x89 -> push(false);
        case 'J' -> push((long) in.getInt());
        case 'K' -> push((long) (in.get() & 0xff));
        case 'M' -> push((long) (in.getShort() & 0xffff));
        case 0x8a -> push(integer(take(in.get() & 0xff)));
        case 0x8b -> push(integer(take(in.getInt())));
        case 'G' -> push(Double.longBitsToDouble(Long.reverseBytes(in.getLong())));
        case 'X' -> push(text(in.getInt() & 0xffffffffL, StandardCharsets.UTF_8));
        case 0x8c -> push(text(in.get() & 0xff, StandardCharsets.UTF_8));
        case 0x8d -> push(text(in.getLong(), StandardCharsets.UTF_8));
        case 'U' -> push(text(in.get() & 0xff, StandardCharsets.ISO_8859_1));
        case 'T' -> push(text(in.getInt(), StandardCharsets.ISO_8859_1));
        case 'C' -> push(take(in.get() & 0xff));
        case 'B' -> push(take(in.getInt() & 0xffffffffL));
        case 0x8e -> push(take(in.getLong()));
        case ')' -> push(new Tuple(List.of()));
        case 0x85 -> push(tuple(1));
        case 0x86 -> push(tuple(2));
        case 0x87 -> push(tuple(3));
        case 't' -> push(new Tuple(popMark()));
        case ']' -> push(new ArrayList<Object>());
        case 'l' -> push(new ArrayList<>(popMark()));
        case 'a' -> append(List.of(pop()));
        case 'e', 0x90 -> append(popMark());
        case 0x8f -> push(new ArrayList<Object>());
        case 0x91 -> push(new Tuple(popMark()));
        case 0x96 -> push(take(in.getLong()));
        case '}' -> push(new LinkedHashMap<Object, Object>());
        case 'd' -> {
          List<Object> items = popMark();
          push(new LinkedHashMap<Object, Object>());
          setItems(items);
        }
        case 's' -> {
          Object value = pop();
          setItems(List.of(pop(), value));
        }
        case 'u' -> setItems(popMark());
        case 'q' -> memo.put((long) (in.get() & 0xff), peek());
        case 'r' -> memo.put(in.getInt() & 0xffffffffL, peek());
        case 0x94 -> memo.put((long) memo.size(), peek());
        case 'h' -> push(memoized(in.get() & 0xff));
        case 'j' -> push(memoized(in.getInt() & 0xffffffffL));
        case 'c' -> {
          String module = line();
          push(host.global(module, line()));
        }
        case 0x93 -> {
          String name = popText("a global's name");
          push(host.global(popText("a global's module"), name));
        }
        case 'R', 0x81 -> {
          Tuple arguments = popTuple();
          push(call(pop(), arguments));
        }
        case 0x92 -> {
          Object named = pop();
          Tuple arguments = popTuple();
          Object made = call(pop(), arguments);
          if (made instanceof Foreign object) {
            object.parts.add(named);
          }
          push(made);
        }
        case 'b' -> build();
        case 'Q' -> push(host.persistent(pop()));
        default ->
            throw error(
                "opcode 0x%02x is none that a saved state dictionary needs; save the file again"
                    + " with torch.save(model.state_dict(), path)",
                opcode);
      }
    }
  }

  private void protocol() throws WeightFormatException {
    int version = in.get() & 0xff;
    if (version > HIGHEST_PROTOCOL) {
      throw error("it is of protocol %d, expected at most %d", version, HIGHEST_PROTOCOL);
    }
  }

  private Object result() throws WeightFormatException {
    Object value = pop();
    if (!stack.isEmpty()) {
      throw error("%d values are left over", stack.size());
    }
    return value;
  }

  private void push(Object value) {
    stack.add(value);
  }

  private Object peek() throws WeightFormatException {
    if (stack.size() <= floor()) {
      throw error("it takes a value from an empty stack");
    }
    return stack.get(stack.size() - 1);
  }

  private Object pop() throws WeightFormatException {
    Object value = peek();
    stack.remove(stack.size() - 1);
    return value;
  }

  /** What belongs to the innermost open mark may not be taken by single pops beyond it. */
  private int floor() {
    return marks.isEmpty() ? 0 : marks.peek();
  }

  private List<Object> popMark() throws WeightFormatException {
    if (marks.isEmpty()) {
      throw error("it closes a group that was never opened");
    }
    List<Object> group = stack.subList(marks.pop(), stack.size());
    List<Object> items = new ArrayList<>(group);
    group.clear();
    return items;
  }

  private Tuple tuple(int size) throws WeightFormatException {
    Object[] items = new Object[size];
    for (int i = size - 1; i >= 0; i--) {
      items[i] = pop();
    }
    return new Tuple(List.of(items));
  }

  private Object call(Object callable, Tuple arguments) throws WeightFormatException {
    if (!(callable instanceof Foreign unknown)) {
      return host.call(callable, arguments);
    }
    Foreign made = new Foreign(unknown.name);
    if (arguments.size() > 0) {
      made.parts.add(arguments);
    }
    return made;
  }

  @SuppressWarnings(
      "unchecked") // Only this class and its host make lists and maps, of these types.
  private void append(List<Object> items) throws WeightFormatException {
    if (peek() instanceof Foreign object) {
      object.parts.add(items);
    } else if (peek() instanceof List<?> list) {
      ((List<Object>) list).addAll(items);
    } else {
      throw error("it appends to what is not a list");
    }
  }

  @SuppressWarnings("unchecked")
  private void setItems(List<Object> items) throws WeightFormatException {
    if (items.size() % 2 != 0) {
      throw error("it sets a key without a value");
    }
    Map<Object, Object> map;
    if (peek() instanceof Foreign object) {
      map = new LinkedHashMap<>();
      object.parts.add(map);
    } else if (peek() instanceof Map<?, ?> own) {
      map = (Map<Object, Object>) own;
    } else {
      throw error("it sets items of what is not a dictionary");
    }
    for (int i = 0; i < items.size(); i += 2) {
      Object key = items.get(i);
      if (key instanceof List || key instanceof Map || key instanceof byte[]) {
        throw error("a dictionary has a key that cannot be one");
      }
      map.put(key, items.get(i + 1));
    }
  }

  /** Attributes of dictionaries (PyTorch's {@code _metadata}) and of what the host made go. */
  private void build() throws WeightFormatException {
    Object state = pop();
    Object target = peek();
    if (target instanceof Foreign object) {
      object.parts.add(state);
    } else if (!(target instanceof Map || target instanceof TensorView)) {
      throw error("it sets attributes of an object that is not a dictionary");
    }
  }

  private Object memoized(long index) throws WeightFormatException {
    Object value = memo.get(index);
    if (value == null) {
      throw error("it refers to value %d, which it never stored", index);
    }
    return value;
  }

  /** A number in two's complement, the lowest byte first. */
  private static Object integer(byte[] bytes) {
    if (bytes.length == 0) {
      return 0L;
    }
    for (int i = 0, j = bytes.length - 1; i < j; i++, j--) {
      byte low = bytes[i];
      bytes[i] = bytes[j];
      bytes[j] = low;
    }
    BigInteger value = new BigInteger(bytes);
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  private byte[] take(long length) throws WeightFormatException {
    if (length < 0 || length > in.remaining()) {
      throw error("a value of %d bytes is longer than the rest", length);
    }
    byte[] bytes = new byte[(int) length];
    in.get(bytes);
    return bytes;
  }

  private String text(long length, Charset charset) throws WeightFormatException {
    byte[] bytes = take(length);
    try {
      return charset.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw error("a string is not valid %s", charset);
    }
  }

  private String line() throws WeightFormatException {
    int length = 0;
    while (in.get(in.position() + length) != '\n') {
      length++;
      if (length >= in.remaining()) {
        throw error("a line does not end");
      }
    }
    String line = text(length, StandardCharsets.UTF_8);
    in.get();
    return line;
  }

  private String popText(String what) throws WeightFormatException {
    if (pop() instanceof String text) {
      return text;
    }
    throw error("%s is not text", what);
  }

  private Tuple popTuple() throws WeightFormatException {
    if (pop() instanceof Tuple tuple) {
      return tuple;
    }
    throw error("a call's arguments are not a tuple");
  }

  private WeightFormatException error(String format, Object... arguments) {
    return new WeightFormatException(
        file,
        String.format("the pickle is refused at byte %,d: ", in.position())
            + String.format(format, arguments));
  }
}
