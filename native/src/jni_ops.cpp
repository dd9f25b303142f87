// SPDX-License-Identifier: Apache-2.0
//
// One function per ggml operation. Shapes were checked in Java: ggml ends the process on a bad one.

#include "ggml.h"
#include "jni_support.h"

#include <algorithm>
#include <cstring>

using namespace wanlet;

namespace {

ggml_context * ctx(jlong arena) { return from_handle<ggml_context>(arena); }

ggml_tensor * tensor(jlong handle) { return from_handle<ggml_tensor>(handle); }

ggml_tensor * optional_tensor(jlong handle) { return from_handle_or_null<ggml_tensor>(handle); }

// Round to nearest, ties to even. ggml's own function branches on NaN, which keeps compilers from vectorising it; a
// quiet NaN stays one here.
uint16_t to_bf16(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

// Each of the CPU backend's worker threads converts its share of the rows, piece by piece.
void widen_rows(ggml_tensor * result, int thread, int threads, void *) {
    constexpr int64_t        PIECE    = 4096;  // whole blocks of every type
    const ggml_tensor *      stored   = result->src[0];
    const ggml_type_traits * type     = ggml_get_type_traits(stored->type);
    const int64_t            elements = stored->ne[0];
    const int64_t            rows     = ggml_nrows(stored);
    const int64_t            end      = rows * (thread + 1) / threads;
    float                    piece[PIECE];
    for (int64_t row = rows * thread / threads; row < end; row++) {
        const char * from = static_cast<const char *>(stored->data) + static_cast<size_t>(row) * stored->nb[1];
        auto * to = reinterpret_cast<uint16_t *>(static_cast<char *>(result->data) + static_cast<size_t>(row) * result->nb[1]);
        for (int64_t start = 0; start < elements; start += PIECE) {
            const int64_t n = std::min(PIECE, elements - start);
            type->to_float(from + ggml_row_size(stored->type, start), piece, n);
            for (int64_t i = 0; i < n; i++) {
                to[start + i] = to_bf16(piece[i]);
            }
        }
    }
}

}  // namespace

WANLET_JNI(jlong, opBinary)(JNIEnv * env, jclass, jlong arena, jint op, jlong a, jlong b, jboolean inplace) {
    return guarded<jlong>(env, [&]() -> jlong {
        ggml_context * c = ctx(arena);
        ggml_tensor *  x = tensor(a);
        ggml_tensor *  y = tensor(b);
        switch (static_cast<binary_op>(op)) {
            case binary_op::ADD: return to_handle(inplace ? ggml_add_inplace(c, x, y) : ggml_add(c, x, y));
            case binary_op::SUB: return to_handle(inplace ? ggml_sub_inplace(c, x, y) : ggml_sub(c, x, y));
            case binary_op::MUL: return to_handle(inplace ? ggml_mul_inplace(c, x, y) : ggml_mul(c, x, y));
            case binary_op::DIV: return to_handle(inplace ? ggml_div_inplace(c, x, y) : ggml_div(c, x, y));
            default: throw native_error(error_code::INVALID_ARGUMENT, "unknown binary operation");
        }
    });
}

WANLET_JNI(jlong, opUnary)(JNIEnv * env, jclass, jlong arena, jint op, jlong a) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_unary(ctx(arena), tensor(a), static_cast<ggml_unary_op>(op))); });
}

WANLET_JNI(jlong, opSqr)(JNIEnv * env, jclass, jlong arena, jlong a) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_sqr(ctx(arena), tensor(a))); });
}

WANLET_JNI(jlong, opSqrt)(JNIEnv * env, jclass, jlong arena, jlong a) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_sqrt(ctx(arena), tensor(a))); });
}

WANLET_JNI(jlong, opScale)(JNIEnv * env, jclass, jlong arena, jlong a, jfloat scale, jfloat bias, jboolean inplace) {
    return guarded<jlong>(env, [&] {
        return to_handle(inplace ? ggml_scale_bias_inplace(ctx(arena), tensor(a), scale, bias)
                                 : ggml_scale_bias(ctx(arena), tensor(a), scale, bias));
    });
}

WANLET_JNI(jlong, opClamp)(JNIEnv * env, jclass, jlong arena, jlong a, jfloat min, jfloat max) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_clamp(ctx(arena), tensor(a), min, max)); });
}

WANLET_JNI(jlong, opNorm)(JNIEnv * env, jclass, jlong arena, jlong a, jfloat eps) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_norm(ctx(arena), tensor(a), eps)); });
}

WANLET_JNI(jlong, opRmsNorm)(JNIEnv * env, jclass, jlong arena, jlong a, jfloat eps) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_rms_norm(ctx(arena), tensor(a), eps)); });
}

WANLET_JNI(jlong, opSumRows)(JNIEnv * env, jclass, jlong arena, jlong a) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_sum_rows(ctx(arena), tensor(a))); });
}

// F32 sums are asked for, except for weights in BF16: those are added up in F32 anyway, and CUDA would widen the whole
// weight to F32 first.
WANLET_JNI(jlong, opMulMat)(JNIEnv * env, jclass, jlong arena, jlong a, jlong b) {
    return guarded<jlong>(env, [&] {
        ggml_tensor * result = ggml_mul_mat(ctx(arena), tensor(a), tensor(b));
        if (tensor(a)->type != GGML_TYPE_BF16) {
            ggml_prec_set_acc(result, GGML_PREC_F32);
        }
        return to_handle(result);
    });
}

WANLET_JNI(jlong, opSoftMax)(JNIEnv * env, jclass, jlong arena, jlong a, jlong mask, jfloat scale, jboolean inplace) {
    return guarded<jlong>(env, [&] {
        return to_handle(inplace ? ggml_soft_max_ext_inplace(ctx(arena), tensor(a), optional_tensor(mask), scale, 0.0f)
                                 : ggml_soft_max_ext(ctx(arena), tensor(a), optional_tensor(mask), scale, 0.0f));
    });
}

WANLET_JNI(jlong, opFlashAttention)
(JNIEnv * env, jclass, jlong arena, jlong q, jlong k, jlong v, jlong mask, jfloat scale) {
    return guarded<jlong>(env, [&] {
        ggml_tensor * result = ggml_flash_attn_ext(ctx(arena), tensor(q), tensor(k), tensor(v), optional_tensor(mask),
                                                   scale, 0.0f, 0.0f);
        ggml_prec_set_acc(result, GGML_PREC_F32);
        return to_handle(result);
    });
}

// Rotates channel pairs (2i, 2i+1) of dims [offset, offset + dims) of each row; the rest passes through.
WANLET_JNI(jlong, opRope)
(JNIEnv * env, jclass, jlong arena, jlong a, jlong positions, jint offset, jint dims, jfloat theta, jboolean inplace) {
    return guarded<jlong>(env, [&] {
        constexpr int mode = GGML_ROPE_TYPE_NORMAL;
        ggml_tensor * result =
            inplace ? ggml_rope_ext_inplace(ctx(arena), tensor(a), tensor(positions), nullptr, dims, mode, 0, theta,
                                            1.0f, 0.0f, 1.0f, 0.0f, 0.0f)
                    : ggml_rope_ext(ctx(arena), tensor(a), tensor(positions), nullptr, dims, mode, 0, theta, 1.0f, 0.0f,
                                    1.0f, 0.0f, 0.0f);
        return to_handle(offset == 0 ? result : ggml_rope_set_offset(result, offset));
    });
}

WANLET_JNI(jlong, opConv2d)
(JNIEnv * env, jclass, jlong arena, jlong kernel, jlong input, jint s0, jint s1, jint p0, jint p1) {
    return guarded<jlong>(env, [&] {
        return to_handle(ggml_conv_2d_direct(ctx(arena), tensor(kernel), tensor(input), s0, s1, p0, p1, 1, 1));
    });
}

WANLET_JNI(jlong, opUpscaleNearest)(JNIEnv * env, jclass, jlong arena, jlong a, jint factor) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_upscale(ctx(arena), tensor(a), factor, GGML_SCALE_MODE_NEAREST)); });
}

WANLET_JNI(jlong, opPad)
(JNIEnv * env, jclass, jlong arena, jlong a, jint lp0, jint rp0, jint lp1, jint rp1, jint lp2, jint rp2, jint lp3,
 jint rp3) {
    return guarded<jlong>(
        env, [&] { return to_handle(ggml_pad_ext(ctx(arena), tensor(a), lp0, rp0, lp1, rp1, lp2, rp2, lp3, rp3)); });
}

WANLET_JNI(jlong, opConcat)(JNIEnv * env, jclass, jlong arena, jlong a, jlong b, jint dim) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_concat(ctx(arena), tensor(a), tensor(b), dim)); });
}

WANLET_JNI(jlong, opCopy)(JNIEnv * env, jclass, jlong arena, jlong from, jlong to) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_cpy(ctx(arena), tensor(from), tensor(to))); });
}

WANLET_JNI(jlong, opContiguous)(JNIEnv * env, jclass, jlong arena, jlong a) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_cont(ctx(arena), tensor(a))); });
}

WANLET_JNI(jlong, opCast)(JNIEnv * env, jclass, jlong arena, jlong a, jint type) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_cast(ctx(arena), tensor(a), static_cast<ggml_type>(type))); });
}

// On the CPU only: other backends refuse custom operations.
WANLET_JNI(jlong, opWiden)(JNIEnv * env, jclass, jlong arena, jlong a) {
    return guarded<jlong>(env, [&] {
        ggml_tensor * stored = tensor(a);
        return to_handle(ggml_custom_4d(ctx(arena), GGML_TYPE_BF16, stored->ne[0], stored->ne[1], stored->ne[2], stored->ne[3],
                                        &stored, 1, widen_rows, GGML_N_TASKS_MAX, nullptr));
    });
}

WANLET_JNI(jlong, opReshape)(JNIEnv * env, jclass, jlong arena, jlong a, jlong ne0, jlong ne1, jlong ne2, jlong ne3) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_reshape_4d(ctx(arena), tensor(a), ne0, ne1, ne2, ne3)); });
}

WANLET_JNI(jlong, opView)
(JNIEnv * env, jclass, jlong arena, jlong a, jlong ne0, jlong ne1, jlong ne2, jlong ne3, jlong nb1, jlong nb2, jlong nb3,
 jlong offset) {
    return guarded<jlong>(env, [&] {
        return to_handle(ggml_view_4d(ctx(arena), tensor(a), ne0, ne1, ne2, ne3, static_cast<size_t>(nb1),
                                      static_cast<size_t>(nb2), static_cast<size_t>(nb3), static_cast<size_t>(offset)));
    });
}

// A view whose elements may overlap, for copies out of it. ggml_view_4d refuses those, because it counts
// elements and not the bytes they span; the caller has checked the span.
WANLET_JNI(jlong, opStrided)
(JNIEnv * env, jclass, jlong arena, jlong a, jlong ne0, jlong ne1, jlong ne2, jlong nb1, jlong nb2, jlong offset) {
    return guarded<jlong>(env, [&] {
        ggml_tensor * view = ggml_view_1d(ctx(arena), tensor(a), 1, static_cast<size_t>(offset));
        view->ne[0] = ne0;
        view->ne[1] = ne1;
        view->ne[2] = ne2;
        view->nb[1] = static_cast<size_t>(nb1);
        view->nb[2] = static_cast<size_t>(nb2);
        view->nb[3] = view->nb[2] * static_cast<size_t>(ne2);
        return to_handle(view);
    });
}

WANLET_JNI(jlong, opPermute)(JNIEnv * env, jclass, jlong arena, jlong a, jint axis0, jint axis1, jint axis2, jint axis3) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_permute(ctx(arena), tensor(a), axis0, axis1, axis2, axis3)); });
}

WANLET_JNI(jlong, opRepeat)(JNIEnv * env, jclass, jlong arena, jlong a, jlong like) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_repeat(ctx(arena), tensor(a), tensor(like))); });
}

WANLET_JNI(jlong, opGetRows)(JNIEnv * env, jclass, jlong arena, jlong a, jlong rows) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_get_rows(ctx(arena), tensor(a), tensor(rows))); });
}
