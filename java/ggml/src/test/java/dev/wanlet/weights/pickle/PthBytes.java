// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Writes PyTorch checkpoints byte by byte as torch.save does: pickle protocol 2, one storage a
 * tensor, a zip archive of stored entries aligned to 64 bytes.
 */
public final class PthBytes {
  /** {@code stored} are the bytes in the file, {@code data} the contents. */
  private record Entry(byte[] name, byte[] data, byte[] stored, int method) {}

  private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();
  private final List<Entry> entries = new ArrayList<>();
  private boolean zip64;
  private int storages;

  /** Opens an OrderedDict for {@link #tensor} calls. */
  static PthBytes stateDict() {
    return new PthBytes().proto(2).global("collections", "OrderedDict").op(")Rq").u8(0).op("(");
  }

  static PthBytes empty() {
    return new PthBytes();
  }

  PthBytes proto(int version) {
    return u8(0x80).u8(version);
  }

  PthBytes op(String opcodes) {
    pickle.writeBytes(opcodes.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  PthBytes u8(int value) {
    pickle.write(value);
    return this;
  }

  PthBytes global(String module, String name) {
    return op("c" + module + "\n" + name + "\n");
  }

  PthBytes text(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    pickle.write('X');
    pickle.writeBytes(little(4).putInt(bytes.length).array());
    pickle.writeBytes(bytes);
    return this;
  }

  PthBytes integer(long value) {
    if (value >= 0 && value < 256) {
      return op("K").u8((int) value);
    }
    if (value == (int) value) {
      pickle.write('J');
      pickle.writeBytes(little(4).putInt((int) value).array());
      return this;
    }
    pickle.write(0x8a);
    pickle.write(8);
    pickle.writeBytes(little(8).putLong(value).array());
    return this;
  }

  PthBytes tuple(long... values) {
    op("(");
    for (long value : values) {
      integer(value);
    }
    return op("t");
  }

  /** The persistent id of a storage, which puts the storage on the stack. */
  PthBytes storage(String storageClass, byte[] data, long count) {
    String key = String.valueOf(storages++);
    entry("archive/data/" + key, data, 0);
    return op("(")
        .text("storage")
        .global("torch", storageClass)
        .text(key)
        .text("cpu")
        .integer(count)
        .op("tQ");
  }

  PthBytes tensor(String name, String storageClass, byte[] data, int size, long... shape) {
    long[] strides = new long[shape.length];
    long next = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = next;
      next *= shape[i];
    }
    return tensor(name, storageClass, data, data.length / size, 0, shape, strides);
  }

  PthBytes tensor(
      String name,
      String storageClass,
      byte[] data,
      long count,
      long offset,
      long[] shape,
      long[] strides) {
    text(name).global("torch._utils", "_rebuild_tensor_v2").op("(");
    storage(storageClass, data, count).integer(offset).tuple(shape).tuple(strides).u8(0x89);
    return global("collections", "OrderedDict").op(")RtR");
  }

  /** Closes the dictionary, with the attribute that state dictionaries have, and the pickle. */
  PthBytes end() {
    return op("u}").text("_metadata").global("collections", "OrderedDict").op(")Rsb.");
  }

  PthBytes entry(String name, byte[] data, int method) {
    entries.add(new Entry(name.getBytes(StandardCharsets.UTF_8), data, data, method));
    return this;
  }

  PthBytes withZip64() {
    zip64 = true;
    return this;
  }

  /** The pickle alone. */
  byte[] pickle() {
    return pickle.toByteArray();
  }

  byte[] bytes() {
    return archive(allEntries());
  }

  /** With all entries compressed, as zip tools write archives. */
  byte[] deflated() {
    return archive(
        allEntries().stream()
            .map(e -> new Entry(e.name, e.data, PthHarmlessTest.deflate(e.data), 8))
            .toList());
  }

  private List<Entry> allEntries() {
    byte[] name = "archive/data.pkl".getBytes(StandardCharsets.UTF_8);
    byte[] data = pickle.toByteArray();
    List<Entry> all = new ArrayList<>();
    all.add(new Entry(name, data, data, 0));
    all.addAll(entries);
    return all;
  }

  private byte[] archive(List<Entry> all) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream table = new ByteArrayOutputStream();
    for (Entry entry : all) {
      int start = out.size();
      // PyTorch pads with an extra field so that data starts at a multiple of 64 bytes.
      int padding = (64 - (start + 30 + entry.name.length + 4) % 64) % 64;
      CRC32 crc = new CRC32();
      crc.update(entry.data);
      int size = entry.data.length;
      int stored = entry.stored.length;
      byte[] common =
          little(16)
              .putShort((short) entry.method)
              .putInt(0)
              .putInt((int) crc.getValue())
              .putInt(stored)
              .array();
      out.writeBytes(little(8).putInt(0x04034b50).putShort((short) 20).array());
      out.writeBytes(java.util.Arrays.copyOf(common, 14));
      out.writeBytes(
          little(8)
              .putInt(size)
              .putShort((short) entry.name.length)
              .putShort((short) (padding + 4))
              .array());
      out.writeBytes(entry.name);
      out.writeBytes(little(4).putShort((short) 0x4246).putShort((short) padding).array());
      out.writeBytes(new byte[padding]);
      out.writeBytes(entry.stored);
      byte[] extra =
          zip64
              ? little(28)
                  .putShort((short) 1)
                  .putShort((short) 24)
                  .putLong(size)
                  .putLong(stored)
                  .putLong(start)
                  .array()
              : new byte[0];
      table.writeBytes(
          little(10).putInt(0x02014b50).putShort((short) 20).putShort((short) 20).array());
      table.writeBytes(java.util.Arrays.copyOf(common, 10));
      table.writeBytes(little(8).putInt(zip64 ? -1 : stored).putInt(zip64 ? -1 : size).array());
      table.writeBytes(
          little(18)
              .putShort((short) entry.name.length)
              .putShort((short) extra.length)
              .putInt(0)
              .putShort((short) 0)
              .putInt(0)
              .putInt(zip64 ? -1 : start)
              .array());
      table.writeBytes(entry.name);
      table.writeBytes(extra);
    }
    int tableStart = out.size();
    out.writeBytes(table.toByteArray());
    if (zip64) {
      int end64 = out.size();
      out.writeBytes(
          little(56)
              .putInt(0x06064b50)
              .putLong(44)
              .putInt(0x002d002d)
              .putInt(0)
              .putInt(0)
              .putLong(all.size())
              .putLong(all.size())
              .putLong(table.size())
              .putLong(tableStart)
              .array());
      out.writeBytes(little(20).putInt(0x07064b50).putInt(0).putLong(end64).putInt(1).array());
    }
    out.writeBytes(
        little(22)
            .putInt(0x06054b50)
            .putInt(0)
            .putShort((short) (zip64 ? -1 : all.size()))
            .putShort((short) (zip64 ? -1 : all.size()))
            .putInt(zip64 ? -1 : table.size())
            .putInt(zip64 ? -1 : tableStart)
            .putShort((short) 0)
            .array());
    return out.toByteArray();
  }

  public static byte[] floats(float... values) {
    ByteBuffer bytes = little(4 * values.length);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
