// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml.internal;

/**
 * Every native method of the binding. Arguments are handles (addresses) that the callers own;
 * nothing is checked here. Thread-safety is that of the ggml objects behind the handles.
 */
public final class GgmlJni {
  static {
    NativeLibrary.load();
  }

  // A native constant and a test hold these against ggml's headers: jni_constants.cpp,
  // ConstantsTest.
  public static final int MAX_THREADS = 512;
  public static final int MAX_DIMS = 4;
  public static final int BINARY_ADD = 0;
  public static final int BINARY_SUB = 1;
  public static final int BINARY_MUL = 2;
  public static final int BINARY_DIV = 3;
  public static final int UNARY_TANH = 4;
  public static final int UNARY_SIGMOID = 7;
  public static final int UNARY_GELU = 8;
  public static final int UNARY_SILU = 10;
  public static final int UNARY_EXP = 13;
  public static final int UNARY_GELU_ERF = 16;
  static final int LOG_WARN = 3;
  static final int LOG_ERROR = 4;

  private GgmlJni() {}

  static native void installLogBridge(Class<?> sink);

  public static native void setEnvironment(byte[] name, byte[] value);

  public static native byte[] buildId();

  public static native byte[] ggmlTree();

  public static native byte[] ggmlVersion();

  static native byte[] constants();

  static native void loadBackends(byte[] directory);

  public static native byte[] backendProblem(byte[] library);

  public static native long[] devices();

  public static native byte[] deviceName(long device);

  public static native byte[] deviceDescription(long device);

  public static native byte[] deviceBackend(long device);

  public static native int deviceKind(long device);

  public static native long[] deviceFacts(long device);

  public static native byte[] deviceFeatures(long device);

  public static native long backendInit(long device);

  public static native void backendFree(long backend);

  public static native void backendSetThreads(long backend, int threads);

  public static native long longestSpin(long backend, int threads);

  public static native long abortFlagNew();

  public static native void abortFlagSet(long flag, int value);

  public static native void abortFlagFree(long flag);

  public static native boolean backendSetAbortFlag(long backend, long flag);

  public static native void backendCompute(long backend, long graph);

  public static native void backendSynchronize(long backend);

  public static native long deviceLargestTensor(long device);

  public static native long cpuGraphWorkSize(long device, long graph, int threads);

  public static native long deviceBufferType(long device);

  public static native long deviceHostBufferType(long device);

  public static native long[] deviceExtraBufferTypes(long device);

  public static native byte[] bufferTypeName(long type);

  public static native long[] bufferTypeFacts(long type);

  public static native long bufferTypeAllocSize(long type, long tensor);

  public static native long bufferNew(long type, long bytes);

  public static native void bufferFree(long buffer);

  public static native long bufferBase(long buffer);

  public static native void bufferClear(long buffer, int value);

  public static native void bufferMarkWeights(long buffer);

  public static native void bufferPlace(long buffer, long tensor, long offset);

  public static native java.nio.ByteBuffer byteBuffer(long address, long bytes);

  public static native long arenaNew(long maxTensors, long maxGraphNodes);

  public static native void arenaFree(long arena);

  public static native long arenaBytes(long arena);

  public static native long tensorNew(long arena, int type, long ne0, long ne1, long ne2, long ne3);

  public static native void tensorDescribe(long tensor, long[] into);

  public static native void tensorSetName(long tensor, byte[] name);

  public static native void tensorMarkInput(long tensor);

  public static native void tensorMarkOutput(long tensor);

  public static native void tensorPretendPlaced(long tensor);

  public static native boolean tensorIsPlaced(long tensor);

  public static native void tensorSetAddress(long tensor, long address, long offset, long bytes);

  public static native void tensorGetAddress(long tensor, long address, long offset, long bytes);

  public static native void tensorSetAddressAsync(
      long backend, long tensor, long address, long offset, long bytes);

  public static native void tensorSetFloats(
      long tensor, long offset, float[] values, int start, int count);

  public static native void tensorGetFloats(
      long tensor, long offset, float[] values, int start, int count);

  public static native void tensorSetInts(
      long tensor, long offset, int[] values, int start, int count);

  public static native long graphNew(long arena, long maxNodes);

  public static native void graphExpand(long graph, long tensor);

  public static native int graphNodes(long graph);

  public static native byte[] graphFirstUnsupported(long graph, long device);

  public static native byte[] graphNodeKind(long graph, int index);

  public static native long[] graphNodeWork(long graph, int index);

  public static native void backendComputeNode(long backend, long graph, int index);

  public static native long allocatorNew(long bufferType);

  public static native void allocatorFree(long allocator);

  public static native long allocatorMeasure(long allocator, long graph);

  public static native boolean allocatorReserve(long allocator, long graph);

  public static native boolean allocatorAssign(long allocator, long graph);

  public static native long allocatorBytes(long allocator);

  public static native long opBinary(long arena, int op, long a, long b, boolean inplace);

  public static native long opUnary(long arena, int op, long a);

  public static native long opSqr(long arena, long a);

  public static native long opSqrt(long arena, long a);

  public static native long opScale(long arena, long a, float scale, float bias, boolean inplace);

  public static native long opClamp(long arena, long a, float min, float max);

  public static native long opNorm(long arena, long a, float eps);

  public static native long opRmsNorm(long arena, long a, float eps);

  public static native long opSumRows(long arena, long a);

  public static native long opMulMat(long arena, long a, long b);

  public static native long opSoftMax(long arena, long a, long mask, float scale, boolean inplace);

  public static native long opFlashAttention(
      long arena, long q, long k, long v, long mask, float scale);

  public static native long opRope(
      long arena, long a, long positions, int offset, int dims, float theta, boolean inplace);

  public static native long opConv2d(
      long arena, long kernel, long input, int s0, int s1, int p0, int p1);

  public static native long opUpscaleNearest(long arena, long a, int factor);

  public static native long opPad(
      long arena, long a, int lp0, int rp0, int lp1, int rp1, int lp2, int rp2, int lp3, int rp3);

  public static native long opConcat(long arena, long a, long b, int dim);

  public static native long opCopy(long arena, long from, long to);

  public static native long opContiguous(long arena, long a);

  public static native long opCast(long arena, long a, int type);

  public static native long opWiden(long arena, long a);

  public static native long opReshape(long arena, long a, long ne0, long ne1, long ne2, long ne3);

  public static native long opView(
      long arena,
      long a,
      long ne0,
      long ne1,
      long ne2,
      long ne3,
      long nb1,
      long nb2,
      long nb3,
      long offset);

  public static native long opStrided(
      long arena, long a, long ne0, long ne1, long ne2, long nb1, long nb2, long offset);

  public static native long opPermute(
      long arena, long a, int axis0, int axis1, int axis2, int axis3);

  public static native long opRepeat(long arena, long a, long like);

  public static native long opGetRows(long arena, long a, long rows);

  public static native long quantizeRows(
      int type, long source, long target, long rows, long columns, long imatrix);

  public static native void dequantize(int type, long source, long target, long elements);

  public static native void narrow(int type, long source, long target, long elements);

  public static native double[] compareFloats(long first, long second, long elements);

  public static native boolean quantizeNeedsImatrix(int type);

  public static native long[] typeFacts(int type);

  public static native long hostAlloc(long bytes);

  public static native void hostFree(long address);

  public static native void hostCopy(long from, long to, long bytes);
}
