// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import static dev.wanlet.ggml.OpChecks.requireContiguous;
import static dev.wanlet.ggml.OpChecks.requireCopyable;
import static dev.wanlet.ggml.OpChecks.requireEps;
import static dev.wanlet.ggml.OpChecks.requireF32OrF16;
import static dev.wanlet.ggml.OpChecks.requireFloat;
import static dev.wanlet.ggml.OpChecks.requireMovable;
import static dev.wanlet.ggml.OpChecks.requireNoOverlap;
import static dev.wanlet.ggml.OpChecks.requirePair;
import static dev.wanlet.ggml.OpChecks.requirePlainStrides;
import static dev.wanlet.ggml.OpChecks.requireRows;
import static dev.wanlet.ggml.OpChecks.requireTable;
import static dev.wanlet.ggml.OpChecks.requireType;
import static dev.wanlet.ggml.OpChecks.requireWeight;

import dev.wanlet.ggml.internal.GgmlJni;
import dev.wanlet.ggml.internal.NativeObject;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.LongBinaryOperator;

/**
 * Builds the operations of one graph in an arena. Every method checks types, shapes and layouts
 * before the native call, because ggml ends the process on a bad one. Confined to one thread.
 *
 * <p>Shapes are in PyTorch order and broadcasting follows PyTorch as far as ggml does: the second
 * operand of an element-wise operation is repeated to the shape of the first.
 */
public final class GraphBuilder {
  private final TensorArena arena;
  private final Graph graph;

  public GraphBuilder(TensorArena arena) {
    if (arena.maxGraphNodes() == 0) {
      throw new IllegalArgumentException("this arena was made without room for a graph");
    }
    this.arena = arena;
    arena.takeGraph();
    this.graph =
        new Graph(arena, arena.handle().call(a -> GgmlJni.graphNew(a, arena.maxGraphNodes())));
  }

  /** The graph, with the results it was {@linkplain Graph#expand expanded} by so far. */
  public Graph graph() {
    return graph;
  }

  /** Adds a result to the graph and keeps its memory until the graph has run. */
  public Tensor output(Tensor result) {
    result.markOutput();
    graph.expand(result);
    return result;
  }

  /** Adds an operation with a side effect (a copy into another tensor) to the graph, in order. */
  public void run(Tensor effect) {
    graph.expand(effect);
  }

  /** A tensor that the caller fills before every run of the graph. */
  public Tensor input(String name, TensorType type, long... shape) {
    return arena.tensor(name, type, Shape.of(shape)).markInput();
  }

  // ---- element-wise ----

  public Tensor add(Tensor a, Tensor b) {
    return binary("add", GgmlJni.BINARY_ADD, a, b, false);
  }

  /** {@code a += b}: the result is a view of a. */
  public Tensor addInPlace(Tensor a, Tensor b) {
    return binary("add", GgmlJni.BINARY_ADD, a, b, true);
  }

  public Tensor sub(Tensor a, Tensor b) {
    return binary("sub", GgmlJni.BINARY_SUB, a, b, false);
  }

  public Tensor mul(Tensor a, Tensor b) {
    return binary("mul", GgmlJni.BINARY_MUL, a, b, false);
  }

  public Tensor mulInPlace(Tensor a, Tensor b) {
    return binary("mul", GgmlJni.BINARY_MUL, a, b, true);
  }

  public Tensor div(Tensor a, Tensor b) {
    return binary("div", GgmlJni.BINARY_DIV, a, b, false);
  }

  private Tensor binary(String op, int code, Tensor a, Tensor b, boolean inplace) {
    requirePair(op, a, b);
    requireRows(op, a);
    requireRows(op, b);
    if (inplace) {
      requireNoOverlap(op, a);
    }
    long[] na = a.shape().ggmlDims();
    long[] nb = b.shape().ggmlDims();
    for (int i = 0; i < 4; i++) {
      if (nb[i] == 0 || na[i] % nb[i] != 0) {
        throw new ShapeException(
            op + ": " + b + " cannot be repeated to " + a + "; give operands of fitting shapes");
      }
    }
    Tensor result = made(a.rank(), (in, x, y) -> GgmlJni.opBinary(in, code, x, y, inplace), a, b);
    return inplace ? result.placedLike(a) : result;
  }

  public Tensor silu(Tensor a) {
    requireF32OrF16("silu", a);
    return unary("silu", GgmlJni.UNARY_SILU, a);
  }

  /** The tanh form; on CPU through an F16 table, about 1e-3 off. See {@code nn.Activations}. */
  public Tensor gelu(Tensor a) {
    requireF32OrF16("gelu", a);
    return unary("gelu", GgmlJni.UNARY_GELU, a);
  }

  public Tensor geluErf(Tensor a) {
    requireF32OrF16("gelu_erf", a);
    return unary("gelu_erf", GgmlJni.UNARY_GELU_ERF, a);
  }

  public Tensor tanh(Tensor a) {
    return unary("tanh", GgmlJni.UNARY_TANH, a);
  }

  public Tensor sigmoid(Tensor a) {
    return unary("sigmoid", GgmlJni.UNARY_SIGMOID, a);
  }

  public Tensor exp(Tensor a) {
    return unary("exp", GgmlJni.UNARY_EXP, a);
  }

  private Tensor unary(String op, int code, Tensor a) {
    requireFloat(op, a);
    requireRows(op, a);
    return made(a.rank(), (in, x) -> GgmlJni.opUnary(in, code, x), a);
  }

  public Tensor sqr(Tensor a) {
    requireFloat("sqr", a);
    requireRows("sqr", a);
    return made(a.rank(), GgmlJni::opSqr, a);
  }

  public Tensor sqrt(Tensor a) {
    requireFloat("sqrt", a);
    requireRows("sqrt", a);
    return made(a.rank(), GgmlJni::opSqrt, a);
  }

  /** {@code a * scale + bias}. */
  public Tensor scale(Tensor a, float scale, float bias) {
    requireType("scale", a, TensorType.F32);
    requirePlainStrides("scale", a);
    return made(a.rank(), (in, x) -> GgmlJni.opScale(in, x, scale, bias, false), a);
  }

  public Tensor scale(Tensor a, float scale) {
    return scale(a, scale, 0f);
  }

  public Tensor clamp(Tensor a, float min, float max) {
    requireType("clamp", a, TensorType.F32);
    requireRows("clamp", a);
    return made(a.rank(), (in, x) -> GgmlJni.opClamp(in, x, min, max), a);
  }

  // ---- reductions over the last dimension ----

  /** Layer norm without affine: (x - mean) / sqrt(var + eps). */
  public Tensor norm(Tensor a, float eps) {
    requireType("norm", a, TensorType.F32);
    requireRows("norm", a);
    requireEps("norm", eps);
    return made(a.rank(), (in, x) -> GgmlJni.opNorm(in, x, eps), a);
  }

  /** x / sqrt(mean(x^2) + eps), without a weight. */
  public Tensor rmsNorm(Tensor a, float eps) {
    requireType("rms_norm", a, TensorType.F32);
    requireRows("rms_norm", a);
    requireEps("rms_norm", eps);
    return made(a.rank(), (in, x) -> GgmlJni.opRmsNorm(in, x, eps), a);
  }

  /** Sums the last dimension, which stays with length 1. */
  public Tensor sumRows(Tensor a) {
    requireType("sum_rows", a, TensorType.F32);
    requireRows("sum_rows", a);
    return made(a.rank(), GgmlJni::opSumRows, a);
  }

  // ---- products ----

  /**
   * x W^T, F32.
   *
   * @param weight [.., N, K], any type
   * @param x [.., M, K], F32 or F16; its outer dimensions are multiples of the weight's
   * @return [.., M, N]
   */
  public Tensor matmul(Tensor weight, Tensor x) {
    requireWeight("matmul", weight);
    requireRows("matmul", weight);
    requireRows("matmul", x);
    long[] w = weight.shape().ggmlDims();
    long[] v = x.shape().ggmlDims();
    if (w[0] != v[0] || v[2] % w[2] != 0 || v[3] % w[3] != 0 || x.type().isQuantized()) {
      throw new ShapeException(
          "matmul: " + x + " and weight " + weight + " do not fit; both need rows of one length");
    }
    if (weight.ggmlStride(1) < weight.ggmlStride(0)) {
      throw new ShapeException("matmul: weight " + weight + " is transposed; copy it first");
    }
    graph.addOperations(2.0 * w[0] * w[1] * v[1] * v[2] * v[3]);
    return made(Math.max(x.rank(), Math.max(2, weight.rank())), GgmlJni::opMulMat, weight, x);
  }

  /**
   * softmax(a * scale + mask) over the last dimension.
   *
   * @param a [.., M, N], F32, contiguous
   * @param mask [M, N] or [B, M, N] F16 or F32, contiguous, or null
   */
  public Tensor softMax(Tensor a, Tensor mask, float scale) {
    requireType("soft_max", a, TensorType.F32);
    requireContiguous("soft_max", a);
    if (mask != null) {
      requireContiguous("soft_max", mask);
      long[] na = a.shape().ggmlDims();
      long[] nm = mask.shape().ggmlDims();
      boolean floats = mask.type() == TensorType.F16 || mask.type() == TensorType.F32;
      if (!floats || nm[0] != na[0] || nm[1] < na[1] || na[2] % nm[2] != 0 || na[3] % nm[3] != 0) {
        throw new ShapeException(
            "soft_max: mask " + mask + " does not fit " + a + "; it needs a row for every row");
      }
    }
    return made(a.rank(), (in, x, y) -> GgmlJni.opSoftMax(in, x, y, scale, false), a, mask);
  }

  /**
   * softmax(q k^T * scale + mask) v with F32 accumulation where the device has it.
   *
   * @param q [H, M, D], F32
   * @param k [H, N, D], F32, F16 or BF16
   * @param v [H, N, D], of k's type
   * @param mask [M, N], F16, contiguous, one row for every query, or null
   * @return [M, H, D], F32, contiguous
   */
  public Tensor flashAttention(Tensor q, Tensor k, Tensor v, Tensor mask, float scale) {
    requireType("flash_attention", q, TensorType.F32);
    requireFloat("flash_attention", k);
    requireRows("flash_attention", q);
    requireRows("flash_attention", k);
    requireRows("flash_attention", v);
    long[] nq = q.shape().ggmlDims();
    long[] nk = k.shape().ggmlDims();
    long[] nv = v.shape().ggmlDims();
    if (nq[0] != nk[0]
        || nk[1] != nv[1]
        || nk[2] != nv[2]
        || nq[2] % nk[2] != 0
        || nq[3] != nk[3]
        || nq[3] != nv[3]
        || k.type() != v.type()) {
      throw new ShapeException("flash_attention: q " + q + ", k " + k + ", v " + v + " do not fit");
    }
    if (mask != null) {
      requireType("flash_attention", mask, TensorType.F16);
      requireContiguous("flash_attention", mask);
      long[] nm = mask.shape().ggmlDims();
      // ggml checks neither; a short mask is read out of bounds.
      if (nm[0] != nk[1] || nm[1] < nq[1] || nm[2] != 1 || nm[3] != 1) {
        throw new ShapeException(
            "flash_attention: mask "
                + mask
                + " needs "
                + nk[1]
                + " columns and a row for each of the "
                + nq[1]
                + " queries");
      }
    }
    graph.addOperations(4.0 * nq[0] * nq[1] * nq[2] * nq[3] * nk[1]);
    return made(
        Math.max(3, q.rank()),
        at -> GgmlJni.opFlashAttention(at[0], at[1], at[2], at[3], at[4], scale),
        q,
        k,
        v,
        mask);
  }

  /**
   * Rotates adjacent channel pairs of a part of each head; the other channels pass through.
   *
   * @param a [.., L, H, D], F32
   * @param positions [L], I32
   * @param offset first channel of the part, even
   * @param dims channels of the part, even
   */
  public Tensor rope(
      Tensor a, Tensor positions, int offset, int dims, float theta, boolean inPlace) {
    requireType("rope", a, TensorType.F32);
    requireRows("rope", a);
    requireType("rope", positions, TensorType.I32);
    long[] na = a.shape().ggmlDims();
    if (positions.rank() != 1
        || positions.dim(0) != na[2]
        || offset % 2 != 0
        || dims % 2 != 0
        || offset < 0
        || dims < 2
        || dims > na[0] - offset) {
      throw new ShapeException(
          String.format(
              "rope: %s with positions %s, %d channels from %d on", a, positions, dims, offset));
    }
    if (inPlace) {
      requireNoOverlap("rope", a);
    }
    Tensor result =
        made(
            a.rank(),
            (in, x, y) -> GgmlJni.opRope(in, x, y, offset, dims, theta, inPlace),
            a,
            positions);
    return inPlace ? result.placedLike(a) : result;
  }

  // ---- images ----

  /**
   * 2-D convolution without a bias.
   *
   * @param kernel [OC, IC, KH, KW], F16 or F32, contiguous
   * @param input [N, IC, H, W], F32, contiguous
   * @return [N, OC, OH, OW], F32
   */
  public Tensor conv2d(Tensor kernel, Tensor input, int stride, int padH, int padW) {
    requireType("conv_2d", input, TensorType.F32);
    requireContiguous("conv_2d", input);
    requireContiguous("conv_2d", kernel);
    long[] nk = kernel.shape().ggmlDims();
    long[] nx = input.shape().ggmlDims();
    requireF32OrF16("conv_2d", kernel);
    if (stride < 1 || padW < 0 || padH < 0) {
      throw new ShapeException(
          String.format("conv_2d: stride %d with padding %d, %d", stride, padH, padW));
    }
    if (nk[2] != nx[2] || nx[0] + 2L * padW < nk[0] || nx[1] + 2L * padH < nk[1]) {
      throw new ShapeException("conv_2d: kernel " + kernel + " does not fit input " + input);
    }
    graph.addOperations(2.0 * nk[0] * nk[1] * nk[2] * nk[3] * nx[0] * nx[1] * nx[3]);
    return made(
        4, (in, k, x) -> GgmlJni.opConv2d(in, k, x, stride, stride, padW, padH), kernel, input);
  }

  /** Repeats rows and columns of [.., H, W] by an integer factor. */
  public Tensor upscaleNearest(Tensor a, int factor) {
    requireType("upscale", a, TensorType.F32);
    if (factor < 1) {
      throw new ShapeException("upscale: factor " + factor + " must be at least 1");
    }
    return made(a.rank(), (in, x) -> GgmlJni.opUpscaleNearest(in, x, factor), a);
  }

  /** Appends zeros: {@code before} and {@code after} elements along dimension {@code dim}. */
  public Tensor pad(Tensor a, int dim, int before, int after) {
    requireType("pad", a, TensorType.F32);
    requireContiguous("pad", a);
    if (before < 0 || after < 0) {
      throw new ShapeException("pad: " + before + " and " + after + " must be 0 or more");
    }
    int[] p = new int[8];
    int g = ggmlAxis(a, dim);
    p[2 * g] = before;
    p[2 * g + 1] = after;
    return made(
        a.rank(),
        (in, x) -> GgmlJni.opPad(in, x, p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]),
        a);
  }

  // ---- layout ----

  /** Joins two tensors along dimension {@code dim}. */
  public Tensor concat(Tensor a, Tensor b, int dim) {
    requireMovable("concat", a);
    int axis = ggmlAxis(a, dim);
    long[] na = a.shape().ggmlDims();
    long[] nb = b.shape().ggmlDims();
    na[axis] = nb[axis];
    if (!Arrays.equals(na, nb) || a.type() != b.type()) {
      throw new ShapeException(
          "concat along dimension " + dim + ": " + a + " and " + b + " do not fit");
    }
    return made(a.rank(), (in, x, y) -> GgmlJni.opConcat(in, x, y, axis), a, b);
  }

  /**
   * Copies (and converts) into a tensor that exists; the result is a view of {@code to}. Add it
   * with {@link #run}.
   */
  public Tensor copy(Tensor from, Tensor to) {
    if (from.shape().elements() != to.shape().elements()) {
      throw new ShapeException("copy: " + from + " and " + to + " differ in size");
    }
    requireCopyable("copy", from, to.type(), to.isContiguous());
    requireNoOverlap("copy", to);
    return made(to.rank(), GgmlJni::opCopy, from, to).placedLike(to);
  }

  /** A copy without gaps; the tensor itself if it has none. */
  public Tensor contiguous(Tensor a) {
    if (a.isContiguous()) {
      return a;
    }
    return duplicate(a);
  }

  /** A copy without gaps, made in any case. */
  public Tensor duplicate(Tensor a) {
    requireCopyable("duplicate", a, a.type(), true);
    return made(a.rank(), GgmlJni::opContiguous, a);
  }

  /** A contiguous copy in another type; the tensor itself if it has that type. */
  public Tensor cast(Tensor a, TensorType type) {
    if (a.type() == type) {
      return a;
    }
    if (type.isQuantized() || a.type().isQuantized()) {
      throw new ShapeException("cast: " + a + " to " + type + "; quantised types are not cast");
    }
    requireCopyable("cast", a, type, true);
    return made(a.rank(), (in, x) -> GgmlJni.opCast(in, x, type.id()), a);
  }

  /**
   * A BF16 copy of a quantised matrix, for products of many rows on a CPU whose {@linkplain
   * Device#multipliesBf16Faster BF16 kernels are faster}. CPU devices only.
   *
   * @param weight [N, K], contiguous
   * @return [N, K], BF16, in the compute buffer
   */
  public Tensor widen(Tensor weight) {
    requireWeight("widen", weight);
    requireContiguous("widen", weight);
    if (!weight.type().isQuantized() || weight.rank() != 2) {
      throw new ShapeException("widen: " + weight + " is not a quantised matrix");
    }
    return made(2, GgmlJni::opWiden, weight);
  }

  /** The same elements in another shape; the tensor must be contiguous. */
  public Tensor reshape(Tensor a, long... shape) {
    requireContiguous("reshape", a);
    Shape s = Shape.of(shape);
    if (s.elements() != a.shape().elements()) {
      throw new ShapeException("reshape: " + a + " does not have the elements of " + s);
    }
    long[] ne = s.ggmlDims();
    return made(s.rank(), (in, x) -> GgmlJni.opReshape(in, x, ne[0], ne[1], ne[2], ne[3]), a)
        .placedLike(a);
  }

  /** Elements {@code start} to {@code end} (exclusive) of one dimension, as a view. */
  public Tensor slice(Tensor a, int dim, long start, long end) {
    requireRows("slice", a);
    requireNoOverlap("slice", a);
    int g = ggmlAxis(a, dim);
    long[] ne = a.shape().ggmlDims();
    boolean aligned =
        g != 0
            || (start % a.type().blockElements() == 0
                && (end - start) % a.type().blockElements() == 0);
    if (start < 0 || end <= start || end > ne[g] || !aligned) {
      throw new ShapeException(
          String.format("slice: [%d, %d) of dimension %d of %s", start, end, dim, a));
    }
    long offset =
        g == 0 ? start / a.type().blockElements() * a.type().blockBytes() : start * a.ggmlStride(g);
    ne[g] = end - start;
    long[] nb = {a.ggmlStride(0), a.ggmlStride(1), a.ggmlStride(2), a.ggmlStride(3)};
    for (int i = 2; i < 4; i++) {
      if (ne[i] == 1) {
        // Any stride will do for one element, but some of ggml's operations insist on this one.
        nb[i] = nb[i - 1] * ne[i - 1];
      }
    }
    return view(a, a.rank(), ne, nb[1], nb[2], nb[3], offset);
  }

  /**
   * Elements of a tensor in another arrangement, as a view: {@code out[i][j][k] = a[offset + i *
   * planeStride + j * rowStride + k]}. Elements may appear more than once; then the view is only
   * for copying out of it.
   *
   * @param a contiguous, not quantised
   * @param offset in elements, like the strides
   * @param shape [I, J, K]
   */
  public Tensor strided(Tensor a, long offset, long[] shape, long planeStride, long rowStride) {
    requireContiguous("strided", a);
    boolean sane =
        shape.length == 3
            && shape[0] > 0
            && shape[1] > 0
            && shape[2] > 0
            && offset >= 0
            && planeStride > 0
            && rowStride > 0
            && !a.type().isQuantized();
    if (!sane || !isInside(a.shape().elements(), offset, shape, planeStride, rowStride)) {
      throw new ShapeException(
          String.format(
              "strided: %s from element %d with strides %d and %d is not inside %s",
              Arrays.toString(shape), offset, planeStride, rowStride, a));
    }
    long size = a.type().blockBytes();
    return made(
        3,
        (in, x) ->
            GgmlJni.opStrided(
                in,
                x,
                shape[2],
                shape[1],
                shape[0],
                rowStride * size,
                planeStride * size,
                offset * size),
        a);
  }

  private static boolean isInside(
      long elements, long offset, long[] shape, long planeStride, long rowStride) {
    try {
      long planes = Math.multiplyExact(shape[0] - 1, planeStride);
      long rows = Math.multiplyExact(shape[1] - 1, rowStride);
      long end = Math.addExact(Math.addExact(planes, rows), Math.addExact(offset, shape[2]));
      return end <= elements;
    } catch (ArithmeticException e) {
      return false;
    }
  }

  private Tensor view(Tensor a, int rank, long[] ne, long nb1, long nb2, long nb3, long offset) {
    return made(
            rank,
            (in, x) -> GgmlJni.opView(in, x, ne[0], ne[1], ne[2], ne[3], nb1, nb2, nb3, offset),
            a)
        .placedLike(a);
  }

  /** Reorders dimensions as {@code torch.permute} does, as a view. */
  public Tensor permute(Tensor a, int... dims) {
    requireNoOverlap("permute", a);
    int rank = a.rank();
    if (dims.length != rank) {
      throw new ShapeException(
          "permute: " + a + " needs " + rank + " dimensions, got " + dims.length);
    }
    int[] axes = {0, 1, 2, 3};
    boolean[] seen = new boolean[rank];
    for (int i = 0; i < rank; i++) {
      if (dims[i] < 0 || dims[i] >= rank || seen[dims[i]]) {
        throw new ShapeException("permute: bad order " + Arrays.toString(dims) + " for " + a);
      }
      seen[dims[i]] = true;
      axes[rank - 1 - dims[i]] = rank - 1 - i;
    }
    return made(rank, (in, x) -> GgmlJni.opPermute(in, x, axes[0], axes[1], axes[2], axes[3]), a)
        .placedLike(a);
  }

  /** Repeats {@code a} to the shape of {@code like}. */
  public Tensor repeat(Tensor a, Tensor like) {
    long[] na = a.shape().ggmlDims();
    requireMovable("repeat", a);
    requireRows("repeat", a);
    long[] nl = like.shape().ggmlDims();
    for (int i = 0; i < 4; i++) {
      if (nl[i] % na[i] != 0) {
        throw new ShapeException("repeat: " + a + " cannot be repeated to " + like);
      }
    }
    return made(like.rank(), GgmlJni::opRepeat, a, like);
  }

  /**
   * Gathers rows.
   *
   * @param a [N, K]
   * @param rows [M], I32, each in [0, N)
   * @return [M, K], F32
   */
  public Tensor getRows(Tensor a, Tensor rows) {
    requireType("get_rows", rows, TensorType.I32);
    requireTable("get_rows", a);
    requireRows("get_rows", a);
    if (a.rank() != 2 || rows.rank() != 1) {
      throw new ShapeException("get_rows: " + a + " by " + rows);
    }
    return made(2, GgmlJni::opGetRows, a, rows);
  }

  /** Names a result, for taps and errors. */
  public Tensor name(Tensor a, String format, Object... args) {
    return a.named(String.format(format, args));
  }

  /** Makes an operation of one operand, given the arena's address and the operand's. */
  private Tensor made(int rank, LongBinaryOperator op, Tensor a) {
    return made(rank, at -> op.applyAsLong(at[0], at[1]), new Tensor[] {a});
  }

  /** The same with two operands; the second may be null, whose address is 0. */
  private Tensor made(int rank, OfTwo op, Tensor a, Tensor b) {
    return made(rank, at -> op.make(at[0], at[1], at[2]), new Tensor[] {a, b});
  }

  private Tensor made(int rank, Function<long[], Long> op, Tensor... operands) {
    arena.takeSlot();
    NativeObject[] objects = new NativeObject[1 + operands.length];
    objects[0] = arena.handle();
    for (int i = 0; i < operands.length; i++) {
      if (operands[i] != null) {
        objects[1 + i] = operands[i].view();
        arena.keep(operands[i].arena());
      }
    }
    return arena.adopt(NativeObject.callAll(op, objects), rank);
  }

  @FunctionalInterface
  private interface OfTwo {
    long make(long arena, long a, long b);
  }

  private static int ggmlAxis(Tensor a, int dim) {
    int index = dim < 0 ? a.rank() + dim : dim;
    if (index < 0 || index >= a.rank()) {
      throw new ShapeException("dimension " + dim + " of " + a);
    }
    return a.rank() - 1 - index;
  }
}
