// SPDX-License-Identifier: Apache-2.0
//
// The numbers that Java repeats from ggml's headers and from ours. Each stands here as Java has it, so that the
// compiler compares it with ggml, and a Java test (ConstantsTest) with Java: a drift on either side fails the build.

#include "ggml-backend.h"
#include "ggml.h"
#include "gguf.h"
#include "jni_support.h"

#include <string>

using namespace wanlet;

namespace {

struct constant {
    const char * name;  // as in Java: class, dot, constant
    long long    value;
};

template <long long java, long long native> constexpr long long same() {
    static_assert(java == native, "Java's constant differs from the native one");
    return java;
}

#define SAME(name, java, native) { name, same<java, static_cast<long long>(native)>() }
#define TYPE(name, java) SAME("TensorType." #name, java, GGML_TYPE_##name)
#define UNARY(name, java) SAME("GgmlJni.UNARY_" #name, java, GGML_UNARY_OP_##name)
#define BINARY(name, java) SAME("GgmlJni.BINARY_" #name, java, binary_op::name)
#define ERROR_CODE(name, java) SAME("ErrorCode." #name, java, error_code::name)
#define ADVICE(name, java) SAME("MappedFileJni." #name, java, advice::name)

constexpr constant CONSTANTS[] = {
    TYPE(F32, 0), TYPE(F16, 1), TYPE(Q4_0, 2), TYPE(Q4_1, 3), TYPE(Q5_0, 6), TYPE(Q5_1, 7), TYPE(Q8_0, 8),
    TYPE(Q8_1, 9), TYPE(Q2_K, 10), TYPE(Q3_K, 11), TYPE(Q4_K, 12), TYPE(Q5_K, 13), TYPE(Q6_K, 14), TYPE(Q8_K, 15),
    TYPE(IQ2_XXS, 16), TYPE(IQ2_XS, 17), TYPE(IQ3_XXS, 18), TYPE(IQ1_S, 19), TYPE(IQ4_NL, 20), TYPE(IQ3_S, 21),
    TYPE(IQ2_S, 22), TYPE(IQ4_XS, 23), TYPE(I8, 24), TYPE(I16, 25), TYPE(I32, 26), TYPE(I64, 27), TYPE(F64, 28),
    TYPE(IQ1_M, 29), TYPE(BF16, 30), TYPE(TQ1_0, 34), TYPE(TQ2_0, 35), TYPE(MXFP4, 39), TYPE(NVFP4, 40),
    TYPE(Q1_0, 41), TYPE(Q2_0, 42),

    UNARY(TANH, 4), UNARY(SIGMOID, 7), UNARY(GELU, 8), UNARY(SILU, 10), UNARY(EXP, 13), UNARY(GELU_ERF, 16),
    BINARY(ADD, 0), BINARY(SUB, 1), BINARY(MUL, 2), BINARY(DIV, 3),
    SAME("GgmlJni.MAX_THREADS", 512, GGML_MAX_N_THREADS),
    SAME("GgmlJni.MAX_DIMS", 4, GGML_MAX_DIMS),
    SAME("GgmlJni.LOG_WARN", 3, GGML_LOG_LEVEL_WARN),
    SAME("GgmlJni.LOG_ERROR", 4, GGML_LOG_LEVEL_ERROR),
    ADVICE(SEQUENTIAL, 0), ADVICE(WILL_NEED, 1), ADVICE(DONT_NEED, 2),

    SAME("Kind.CPU", 0, GGML_BACKEND_DEVICE_TYPE_CPU),
    SAME("Kind.GPU", 1, GGML_BACKEND_DEVICE_TYPE_GPU),
    SAME("Kind.INTEGRATED_GPU", 2, GGML_BACKEND_DEVICE_TYPE_IGPU),
    SAME("Kind.ACCELERATOR", 3, GGML_BACKEND_DEVICE_TYPE_ACCEL),
    SAME("Kind.META", 4, GGML_BACKEND_DEVICE_TYPE_META),

    ERROR_CODE(INVALID_ARGUMENT, 0), ERROR_CODE(DEVICE_NOT_FOUND, 1), ERROR_CODE(OUT_OF_MEMORY, 2),
    ERROR_CODE(ABORTED, 3), ERROR_CODE(UNSUPPORTED, 4), ERROR_CODE(DEVICE_FAILED, 5), ERROR_CODE(IO, 6),
    ERROR_CODE(INTERNAL, 7),

    SAME("GgufType.U8", 0, GGUF_TYPE_UINT8), SAME("GgufType.I8", 1, GGUF_TYPE_INT8),
    SAME("GgufType.U16", 2, GGUF_TYPE_UINT16), SAME("GgufType.I16", 3, GGUF_TYPE_INT16),
    SAME("GgufType.U32", 4, GGUF_TYPE_UINT32), SAME("GgufType.I32", 5, GGUF_TYPE_INT32),
    SAME("GgufType.F32", 6, GGUF_TYPE_FLOAT32), SAME("GgufType.BOOL", 7, GGUF_TYPE_BOOL),
    SAME("GgufType.STRING", 8, GGUF_TYPE_STRING), SAME("GgufType.ARRAY", 9, GGUF_TYPE_ARRAY),
    SAME("GgufType.U64", 10, GGUF_TYPE_UINT64), SAME("GgufType.I64", 11, GGUF_TYPE_INT64),
    SAME("GgufType.F64", 12, GGUF_TYPE_FLOAT64),
    SAME("GgufLayout.VERSION", 3, GGUF_VERSION),
    SAME("GgufLayout.DEFAULT_ALIGNMENT", 32, GGUF_DEFAULT_ALIGNMENT),
};

// A new type or kind of ggml's must be given a place in Java.
static_assert(GGML_TYPE_COUNT == 43, "ggml has types that Java does not know");
static_assert(GGUF_TYPE_COUNT == 13, "GGUF has types that Java does not know");

}  // namespace

// Lines of a name, a space and a value.
WANLET_JNI(jbyteArray, constants)(JNIEnv * env, jclass) {
    return guarded<jbyteArray>(env, [&] {
        std::string lines;
        for (const constant & c : CONSTANTS) {
            lines += std::string(c.name) + " " + std::to_string(c.value) + "\n";
        }
        return to_bytes(env, lines.c_str());
    });
}
