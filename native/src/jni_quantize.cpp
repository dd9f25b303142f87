// SPDX-License-Identifier: Apache-2.0
//
// ggml's own quantisers and dequantisers over native addresses.

#include "ggml.h"
#include "jni_support.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

using namespace wanlet;

// Quantises whole rows; returns the bytes written.
WANLET_JNI(jlong, quantizeRows)
(JNIEnv * env, jclass, jint type, jlong source, jlong target, jlong rows, jlong columns, jlong imatrix) {
    return guarded<jlong>(env, [&] {
        return static_cast<jlong>(ggml_quantize_chunk(static_cast<ggml_type>(type), from_handle<const float>(source),
                                                      from_handle<void>(target), 0, rows, columns,
                                                      from_handle_or_null<const float>(imatrix)));
    });
}

// Widens elements of any type to F32; they must fill whole blocks.
WANLET_JNI(void, dequantize)(JNIEnv * env, jclass, jint type, jlong source, jlong target, jlong elements) {
    guarded<int>(env, [&] {
        const ggml_type          t      = static_cast<ggml_type>(type);
        const ggml_type_traits * traits = ggml_get_type_traits(t);
        if (t == GGML_TYPE_F32) {
            std::copy_n(from_handle<const float>(source), elements, from_handle<float>(target));
        } else if (traits->to_float != nullptr) {
            traits->to_float(from_handle<const void>(source), from_handle<float>(target), elements);
        } else {
            throw native_error(error_code::UNSUPPORTED,
                               std::string("type ") + ggml_type_name(t) + " cannot be widened to F32");
        }
        return 0;
    });
}

// Narrows F32 to F16, BF16 or F32 without importance weights.
WANLET_JNI(void, narrow)(JNIEnv * env, jclass, jint type, jlong source, jlong target, jlong elements) {
    guarded<int>(env, [&] {
        const float * from = from_handle<const float>(source);
        switch (static_cast<ggml_type>(type)) {
            case GGML_TYPE_F32:
                std::copy_n(from, elements, from_handle<float>(target));
                return 0;
            case GGML_TYPE_F16:
                ggml_fp32_to_fp16_row(from, from_handle<ggml_fp16_t>(target), elements);
                return 0;
            case GGML_TYPE_BF16:
                ggml_fp32_to_bf16_row_ref(from, from_handle<ggml_bf16_t>(target), elements);
                return 0;
            default:
                throw native_error(error_code::UNSUPPORTED, "narrowing is for F32, F16 and BF16");
        }
    });
}

// {sum of (a-b)^2, of a^2, of b^2, of a*b, max |a-b|} over two F32 ranges. Lanes of floats over a short
// chunk, then doubles: exact enough for statistics, and the compiler can vectorise it.
WANLET_JNI(jdoubleArray, compareFloats)(JNIEnv * env, jclass, jlong first, jlong second, jlong elements) {
    return guarded<jdoubleArray>(env, [&]() -> jdoubleArray {
        constexpr int64_t lanes = 8;
        constexpr int64_t chunk = 256;
        const float *     a     = from_handle<const float>(first);
        const float *     b     = from_handle<const float>(second);
        double            sums[5] = {};
        for (int64_t start = 0; start < elements; start += chunk) {
            const int64_t end        = std::min<int64_t>(elements, start + chunk);
            float         ee[lanes]  = {}, aa[lanes] = {}, bb[lanes] = {}, ab[lanes] = {}, top[lanes] = {};
            int64_t       i          = start;
            for (; i + lanes <= end; i += lanes) {
                for (int64_t l = 0; l < lanes; l++) {
                    const float e = a[i + l] - b[i + l];
                    ee[l] += e * e;
                    aa[l] += a[i + l] * a[i + l];
                    bb[l] += b[i + l] * b[i + l];
                    ab[l] += a[i + l] * b[i + l];
                    top[l] = std::max(top[l], std::fabs(e));
                }
            }
            for (; i < end; i++) {
                const float e = a[i] - b[i];
                ee[0] += e * e;
                aa[0] += a[i] * a[i];
                bb[0] += b[i] * b[i];
                ab[0] += a[i] * b[i];
                top[0] = std::max(top[0], std::fabs(e));
            }
            for (int64_t l = 0; l < lanes; l++) {
                sums[0] += ee[l];
                sums[1] += aa[l];
                sums[2] += bb[l];
                sums[3] += ab[l];
                sums[4] = std::max(sums[4], static_cast<double>(top[l]));
            }
        }
        jdoubleArray result = env->NewDoubleArray(5);
        if (result != nullptr) {
            env->SetDoubleArrayRegion(result, 0, 5, sums);
        }
        return result;
    });
}

WANLET_JNI(jboolean, quantizeNeedsImatrix)(JNIEnv * env, jclass, jint type) {
    return guarded<jboolean>(env, [&]() -> jboolean { return ggml_quantize_requires_imatrix(static_cast<ggml_type>(type)); });
}

// {block elements, block bytes, quantised} of a type; a test holds the Java table against it.
WANLET_JNI(jlongArray, typeFacts)(JNIEnv * env, jclass, jint type) {
    return guarded<jlongArray>(env, [&] {
        const ggml_type t       = static_cast<ggml_type>(type);
        const int64_t   facts[] = { ggml_blck_size(t), static_cast<int64_t>(ggml_type_size(t)), ggml_is_quantized(t) };
        return to_long_array(env, facts, 3);
    });
}

WANLET_JNI(jlong, hostAlloc)(JNIEnv * env, jclass, jlong bytes) {
    return guarded<jlong>(env, [&]() -> jlong {
#ifdef _WIN32
        return to_handle(_aligned_malloc(static_cast<size_t>(bytes), 64));
#else
        void * memory = nullptr;
        return posix_memalign(&memory, 64, static_cast<size_t>(bytes)) == 0 ? to_handle(memory) : 0;
#endif
    });
}

WANLET_JNI(void, hostFree)(JNIEnv * env, jclass, jlong address) {
    guarded<int>(env, [&] {
#ifdef _WIN32
        _aligned_free(from_handle<void>(address));
#else
        free(from_handle<void>(address));
#endif
        return 0;
    });
}

WANLET_JNI(void, hostCopy)(JNIEnv * env, jclass, jlong from, jlong to, jlong bytes) {
    guarded<int>(env, [&] {
        std::copy_n(from_handle<const char>(from), bytes, from_handle<char>(to));
        return 0;
    });
}
