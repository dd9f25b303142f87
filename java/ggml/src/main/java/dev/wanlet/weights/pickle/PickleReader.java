// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import dev.wanlet.weights.WeightFormatException;
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
 * {@link Host} makes of the few classes and functions it knows by name. Nothing is executed: every
 * other global is an error that names it. Work and memory are bounded by the pickle's length.
 * Confined to one thread.
 *
 * <p>Python's values become {@link Long}, {@link Double}, {@link Boolean}, {@link String}, {@code
 * byte[]}, {@link Tuple}, {@link List}, {@link Map} and {@link #NONE}. Values may contain
 * themselves, so they must not be hashed, compared or printed whole.
 *
 * <p>Source: the opcodes of Python's Lib/pickletools.py, protocols 2 to 5.
 */
final class PickleReader {
  /** What the pickle's globals and persistent ids mean. */
  interface Host {
    /** The value for a global that may be used, or null to refuse it. */
    Object global(String module, String name);

    /** Calls a value that {@link #global} returned. */
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
   * The pickled value.
   *
   * @throws WeightFormatException if the pickle is damaged or uses what the host does not know
   */
  static Object read(ByteBuffer pickle, Path file, Host host) throws WeightFormatException {
    PickleReader reader = new PickleReader(pickle, file, host);
    try {
      return reader.run();
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
        case 0x8a -> push(longInteger(in.get() & 0xff));
        case 0x8b -> push(longInteger(in.getInt()));
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
        case 'e' -> append(popMark());
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
          push(global(module, line()));
        }
        case 0x93 -> {
          String name = popText("a global's name");
          push(global(popText("a global's module"), name));
        }
        case 'R' -> {
          Tuple arguments = popTuple();
          push(host.call(pop(), arguments));
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

  @SuppressWarnings("unchecked") // Only this class makes lists and maps, of these types.
  private void append(List<Object> items) throws WeightFormatException {
    if (!(peek() instanceof List<?> list)) {
      throw error("it appends to what is not a list");
    }
    ((List<Object>) list).addAll(items);
  }

  @SuppressWarnings("unchecked")
  private void setItems(List<Object> items) throws WeightFormatException {
    if (!(peek() instanceof Map<?, ?> map) || items.size() % 2 != 0) {
      throw error("it sets items of what is not a dictionary");
    }
    for (int i = 0; i < items.size(); i += 2) {
      Object key = items.get(i);
      if (!(key instanceof String || key instanceof Long || key instanceof Boolean)) {
        throw error("a dictionary has a key that is neither text nor an integer");
      }
      ((Map<Object, Object>) map).put(key, items.get(i + 1));
    }
  }

  /** Attributes of a dictionary (PyTorch's {@code _metadata}) are dropped; others are refused. */
  private void build() throws WeightFormatException {
    pop();
    if (!(peek() instanceof Map<?, ?>)) {
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

  private Object global(String module, String name) throws WeightFormatException {
    Object value = host.global(module, name);
    if (value == null) {
      throw error(
          "it asks to load '%s.%s', which is not part of tensor data; the file may be hostile or"
              + " hold a whole program state: save only the state dictionary",
          printable(module), printable(name));
    }
    return value;
  }

  private long longInteger(int bytes) throws WeightFormatException {
    if (bytes < 0 || bytes > Long.BYTES) {
      throw error("an integer has %d bytes, expected at most 8", bytes);
    }
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (in.get() & 0xffL) << (8 * i);
    }
    int unused = Long.SIZE - 8 * bytes;
    return bytes == 0 ? 0 : value << unused >> unused;
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

  private static String printable(String name) {
    String shown = name.length() > 80 ? name.substring(0, 80) + "..." : name;
    return shown.replaceAll("\\p{Cntrl}", "?");
  }

  private WeightFormatException error(String format, Object... arguments) {
    return new WeightFormatException(
        file,
        String.format("the pickle is refused at byte %,d: ", in.position())
            + String.format(format, arguments));
  }
}
