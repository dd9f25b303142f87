// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.pickle;

import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.StoredType;

/**
 * Raw numbers that tensors look into. Confined to one thread.
 *
 * <p>Old files name their storages first and say where they lie at the end.
 */
final class Storage {
  /**
   * What a storage's class says of its elements.
   *
   * @param type null for untyped bytes, and for types that Wanlet does not read
   * @param elementBytes bytes of one
   * @param foreign the name of a type that Wanlet does not read, else null
   */
  record Elements(StoredType type, int elementBytes, String foreign) {}

  private final String key;
  private final Elements elements;
  private final long count;
  private MappedFile file;
  private long offset;

  /**
   * @param key its name in the file
   * @param count of elements
   */
  Storage(String key, Elements elements, long count) {
    this.key = key;
    this.elements = elements;
    this.count = count;
  }

  String key() {
    return key;
  }

  Elements elements() {
    return elements;
  }

  long count() {
    return count;
  }

  long bytes() {
    return Math.multiplyExact(count, (long) elements.elementBytes);
  }

  /** Says where the bytes are; the caller has checked that all of them are there. */
  void place(MappedFile in, long at) {
    this.file = in;
    this.offset = at;
  }

  boolean isPlaced() {
    return file != null;
  }

  MappedFile file() {
    return file;
  }

  long offset() {
    return offset;
  }
}
