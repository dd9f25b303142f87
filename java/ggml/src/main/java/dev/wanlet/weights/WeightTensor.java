// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import dev.wanlet.ggml.HostMemory;
import dev.wanlet.ggml.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;

/**
 * One tensor of a weight file: its name, type, shape (PyTorch order) and place. A view: the bytes
 * stay in the mapped file and can be read until the {@link WeightSource} is closed; then every
 * access throws {@link IllegalStateException}.
 *
 * <p>Immutable; thread-safe for reading.
 */
public final class WeightTensor {
  /** More dimensions than any model has; a file that claims more is damaged. */
  public static final int MAX_RANK = 32;

  /** Elements decoded at a time: a part of any type fits into the processor's cache. */
  private static final int CHUNK = 1 << 17;

  private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;

  private final String name;
  private final StoredType type;
  private final Shape shape;
  private final Shape storedShape;
  private final MappedFile file;
  private final long offset;
  private final long byteLength;
  private final Scales scales; // null for none

  /** The caller has checked that the bytes lie inside the file. */
  public WeightTensor(
      String name, StoredType type, Shape shape, Shape storedShape, MappedFile file, long offset) {
    this(name, type, shape, storedShape, file, offset, null);
  }

  private WeightTensor(
      String name,
      StoredType type,
      Shape shape,
      Shape storedShape,
      MappedFile file,
      long offset,
      Scales scales) {
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.storedShape = storedShape;
    this.file = file;
    this.offset = offset;
    this.byteLength = type.bytes(storedShape);
    this.scales = scales;
  }

  public String name() {
    return name;
  }

  public StoredType type() {
    return type;
  }

  /** The tensor's shape in the model. */
  public Shape shape() {
    return shape;
  }

  /**
   * The shape whose rows are laid out in the file. It differs from {@link #shape()} only where a
   * writer folded a tensor to quantise it, and has as many elements.
   */
  public Shape storedShape() {
    return storedShape;
  }

  public long elements() {
    return shape.elements();
  }

  public long byteLength() {
    return byteLength;
  }

  /** The file that holds the bytes. */
  public Path file() {
    return file.path();
  }

  /** Where the bytes start, from the beginning of {@link #file()}. */
  public long offset() {
    return offset;
  }

  /** The same tensor under another name. */
  public WeightTensor withName(String newName) {
    return new WeightTensor(
        Objects.requireNonNull(newName), type, shape, storedShape, file, offset, scales);
  }

  /**
   * The same tensor in another shape of as many elements, for one that a writer folded.
   *
   * @throws IllegalArgumentException if the number of elements differs
   */
  public WeightTensor withShape(Shape newShape) {
    if (newShape.elements() != elements()) {
      throw new IllegalArgumentException(this + " has not the shape " + newShape);
    }
    return new WeightTensor(name, type, newShape, storedShape, file, offset, scales);
  }

  /**
   * Some rows of this tensor, such as the third part of a matrix that holds three.
   *
   * @param first row, like {@code end} counted along the first dimension
   * @param end row behind the last
   * @throws IllegalArgumentException if there are no such rows, or a writer folded the tensor
   */
  public WeightTensor rows(long first, long end) {
    if (shape.rank() < 1
        || !shape.equals(storedShape)
        || first < 0
        || end <= first
        || end > shape.dim(0)) {
      throw new IllegalArgumentException(this + " has no rows " + first + " to " + end);
    }
    if (shape.rank() == 1 && type.isQuantized()) {
      throw new IllegalArgumentException(this + " is one row, quantised as a whole");
    }
    long[] dims = shape.dims();
    dims[0] = end - first;
    Shape part = Shape.of(dims);
    return new WeightTensor(
        name,
        type,
        part,
        part,
        file,
        offset + byteLength / shape.dim(0) * first,
        scales == null ? null : scales.fromRow(first));
  }

  /**
   * The same tensor with {@link #readFloats} multiplied by scales, for 8-bit floats and integers;
   * the raw bytes stay as they are.
   *
   * @throws IllegalArgumentException if the type has readers that take the raw bytes, and would
   *     miss the scales
   */
  public WeightTensor withScales(Scales newScales) {
    if (type.isQuantized() || type.elementBytes() != 1 || type == StoredType.BOOL) {
      throw new IllegalArgumentException("only 8-bit numbers can have scales, not " + this);
    }
    return new WeightTensor(name, type, shape, storedShape, file, offset, newScales);
  }

  /**
   * Whether the elements are real numbers: of a floating-point or quantised type, or integers with
   * scales. A network's weights are.
   */
  public boolean isReal() {
    return type.isFloat() || type.isQuantized() || scales != null;
  }

  /**
   * The bytes as a read-only, little-endian view, without copying.
   *
   * @throws IllegalArgumentException if there are 2 GiB or more; use {@link #buffer(long, long)}
   */
  public ByteBuffer buffer() {
    return buffer(0, byteLength);
  }

  /** A part of the bytes as a read-only, little-endian view; at most 2 GiB - 1. */
  public ByteBuffer buffer(long byteOffset, long length) {
    checkPart(byteOffset, length);
    return file.window(offset + byteOffset, length);
  }

  /**
   * Copies a part of the bytes to native memory.
   *
   * @param target address of at least {@code length} bytes
   * @throws WeightFormatException if the file was cut off or written to since it was opened
   * @throws IOException if the disk fails
   */
  public void read(long byteOffset, long length, long target) throws IOException {
    checkPart(byteOffset, length);
    file.read(offset + byteOffset, length, target);
  }

  /** Tells the operating system what will happen to the bytes. Changes speed only. */
  public void advise(MappedFile.Advice advice) {
    file.advise(offset, byteLength, advice);
  }

  /** Tells the operating system what will happen to a part of the bytes. Changes speed only. */
  public void advise(long byteOffset, long length, MappedFile.Advice advice) {
    checkPart(byteOffset, length);
    file.advise(offset + byteOffset, length, advice);
  }

  /**
   * All elements, widened to float as {@link #readFloats} does.
   *
   * @throws IllegalStateException if the type is quantised or there are 2^31 elements or more
   * @throws UncheckedIOException as {@link #readFloats}
   */
  public float[] toFloats() {
    float[] values = new float[countAsInt()];
    readFloats(0, values, 0, values.length);
    return values;
  }

  /**
   * Reads {@code n} consecutive elements as floats. Floating-point types of up to 32 bits are exact
   * (scaled 8-bit floats are rounded once); F64 and integers of more than 24 bits are rounded to
   * nearest.
   *
   * @param elementOffset the first element, in memory order
   * @throws IllegalStateException if the type is quantised (ggml dequantises those)
   * @throws IndexOutOfBoundsException if the range is not inside the tensor or {@code dst}
   * @throws UncheckedIOException of what {@link #read} throws
   */
  public void readFloats(long elementOffset, float[] dst, int dstOffset, int n) {
    Objects.checkFromIndexSize(dstOffset, n, dst.length);
    checkPlain();
    Objects.checkFromIndexSize(elementOffset, n, elements());
    try (HostMemory piece = pieceFor(n)) {
      for (int done = 0; done < n; done += CHUNK) {
        int part = Math.min(CHUNK, n - done);
        ByteBuffer bytes = elements(piece, elementOffset + done, part);
        ElementReader.floats(type, bytes, dst, dstOffset + done, part);
      }
    }
    if (scales != null) {
      scales.apply(elementOffset, dst, dstOffset, n);
    }
  }

  /**
   * All elements of an integer or boolean tensor.
   *
   * @throws IllegalStateException if the type is not an integer type
   * @throws UncheckedIOException of what {@link #read} throws
   */
  public long[] toLongs() {
    checkPlain();
    long[] values = new long[countAsInt()];
    try (HostMemory piece = pieceFor(values.length)) {
      for (int done = 0; done < values.length; done += CHUNK) {
        int part = Math.min(CHUNK, values.length - done);
        ElementReader.longs(type, elements(piece, done, part), values, done, part);
      }
    }
    return values;
  }

  /**
   * All elements of an integer or boolean tensor.
   *
   * @throws IllegalStateException if the type is not an integer type
   * @throws ArithmeticException if an element does not fit
   * @throws UncheckedIOException of what {@link #read} throws
   */
  public int[] toInts() {
    long[] wide = toLongs();
    int[] values = new int[wide.length];
    for (int i = 0; i < wide.length; i++) {
      values[i] = Math.toIntExact(wide[i]);
    }
    return values;
  }

  /** Such as {@code blocks.0.ffn.0.weight F16 [768, 256]}. */
  @Override
  public String toString() {
    return name + " " + type + " " + shape;
  }

  private HostMemory pieceFor(int n) {
    return new HostMemory((long) Math.min(CHUNK, n) * type.elementBytes());
  }

  private ByteBuffer elements(HostMemory piece, long elementOffset, int n) {
    int size = type.elementBytes();
    try {
      read(elementOffset * size, (long) n * size, piece.address());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return piece.view(0, n * size);
  }

  private void checkPlain() {
    if (type.isQuantized()) {
      throw new IllegalStateException(
          this + " is quantised; dequantise it with ggml instead of reading single elements");
    }
  }

  private int countAsInt() {
    if (elements() > LARGEST_ARRAY) {
      throw new IllegalStateException(this + " is too large for one array; read it in parts");
    }
    return (int) elements();
  }

  private void checkPart(long byteOffset, long length) {
    if (byteOffset < 0 || length < 0 || byteOffset > byteLength - length) {
      throw new IndexOutOfBoundsException(
          String.format(
              "tensor '%s' has %,d bytes, asked for %,d at offset %,d",
              name, byteLength, length, byteOffset));
    }
  }
}
