// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A second, strict reader of small GGUF files, written from the format's description and sharing no
 * code with the one that the program uses, to check what the program writes.
 */
final class PlainGguf {
  /** Dimensions as in the file: the contiguous one first. */
  record Info(long[] ne, int type, byte[] data) {}

  /** Elements and bytes of a block, by ggml's type number. */
  private static final Map<Integer, int[]> BLOCKS =
      Map.ofEntries(
          Map.entry(0, new int[] {1, 4}),
          Map.entry(1, new int[] {1, 2}),
          Map.entry(30, new int[] {1, 2}),
          Map.entry(2, new int[] {32, 18}),
          Map.entry(3, new int[] {32, 20}),
          Map.entry(6, new int[] {32, 22}),
          Map.entry(7, new int[] {32, 24}),
          Map.entry(8, new int[] {32, 34}),
          Map.entry(20, new int[] {32, 18}),
          Map.entry(10, new int[] {256, 84}),
          Map.entry(11, new int[] {256, 110}),
          Map.entry(12, new int[] {256, 144}),
          Map.entry(13, new int[] {256, 176}),
          Map.entry(14, new int[] {256, 210}));

  final Map<String, Object> values = new LinkedHashMap<>();
  final Map<String, Info> tensors = new LinkedHashMap<>();

  static PlainGguf read(Path path) throws IOException {
    return new PlainGguf(ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN));
  }

  private PlainGguf(ByteBuffer in) {
    check(in.getInt() == 0x46554747, "magic");
    check(in.getInt() == 3, "version");
    long tensorCount = in.getLong();
    long valueCount = in.getLong();
    for (long i = 0; i < valueCount; i++) {
      String key = string(in);
      check(values.put(key, value(in, in.getInt())) == null, key);
    }
    record Place(String name, long[] ne, int type, long offset) {}
    List<Place> places = new ArrayList<>();
    for (long i = 0; i < tensorCount; i++) {
      String name = string(in);
      long[] ne = new long[in.getInt()];
      for (int d = 0; d < ne.length; d++) {
        ne[d] = in.getLong();
      }
      places.add(new Place(name, ne, in.getInt(), in.getLong()));
    }
    int start = (in.position() + 31) / 32 * 32;
    long expected = 0;
    for (Place place : places) {
      check(place.offset == expected, place.name + " follows the tensor before it");
      int[] block = BLOCKS.get(place.type);
      long elements = 1;
      for (long n : place.ne) {
        elements *= n;
      }
      check(place.ne[0] % block[0] == 0, place.name + " has whole blocks");
      byte[] data = new byte[(int) (elements / block[0] * block[1])];
      in.get((int) (start + place.offset), data);
      check(tensors.put(place.name, new Info(place.ne, place.type, data)) == null, place.name);
      expected = (place.offset + data.length + 31) / 32 * 32;
    }
    check(in.capacity() == start + expected, "the file ends after the last tensor");
  }

  private static Object value(ByteBuffer in, int type) {
    return switch (type) {
      case 4, 5 -> in.getInt();
      case 6 -> in.getFloat();
      case 7 -> in.get() != 0;
      case 8 -> string(in);
      case 9 -> {
        int element = in.getInt();
        List<Object> list = new ArrayList<>();
        for (long n = in.getLong(); n > 0; n--) {
          list.add(element == 0 || element == 1 ? (Object) in.get() : value(in, element));
        }
        yield list;
      }
      case 10, 11 -> in.getLong();
      default -> throw new AssertionError("value type " + type);
    };
  }

  private static String string(ByteBuffer in) {
    byte[] bytes = new byte[(int) in.getLong()];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("not so: " + what);
    }
  }
}
