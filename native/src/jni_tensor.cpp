// SPDX-License-Identifier: Apache-2.0
//
// Arenas (ggml contexts without data), tensors, transfers, graphs and their allocator.

#include "device_limits.h"
#include "ggml-alloc.h"
#include "ggml-backend.h"
#include "ggml.h"
#include "graph_nodes.h"
#include "jni_support.h"

#include <unordered_set>
#include <vector>

using namespace wanlet;

WANLET_JNI(jlong, arenaNew)(JNIEnv * env, jclass, jlong max_tensors, jlong max_graph_nodes) {
    return guarded<jlong>(env, [&] {
        size_t bytes = static_cast<size_t>(max_tensors) * ggml_tensor_overhead();
        if (max_graph_nodes > 0) {
            bytes += ggml_graph_overhead_custom(static_cast<size_t>(max_graph_nodes), false);
        }
        ggml_init_params params = { bytes, nullptr, /*no_alloc*/ true };
        ggml_context *   ctx    = ggml_init(params);
        if (ctx == nullptr) {
            throw std::bad_alloc();
        }
        return to_handle(ctx);
    });
}

WANLET_JNI(void, arenaFree)(JNIEnv * env, jclass, jlong arena) {
    guarded<int>(env, [&] {
        ggml_free(from_handle<ggml_context>(arena));
        return 0;
    });
}

WANLET_JNI(jlong, arenaBytes)(JNIEnv * env, jclass, jlong arena) {
    return guarded<jlong>(env, [&] { return static_cast<jlong>(ggml_get_mem_size(from_handle<ggml_context>(arena))); });
}

WANLET_JNI(jlong, tensorNew)
(JNIEnv * env, jclass, jlong arena, jint type, jlong ne0, jlong ne1, jlong ne2, jlong ne3) {
    return guarded<jlong>(env, [&] {
        const int64_t ne[] = { ne0, ne1, ne2, ne3 };
        return to_handle(ggml_new_tensor(from_handle<ggml_context>(arena), static_cast<ggml_type>(type), 4, ne));
    });
}

// {type, ne0..ne3, nb0..nb3, bytes}
WANLET_JNI(void, tensorDescribe)(JNIEnv * env, jclass, jlong tensor, jlongArray into) {
    guarded<int>(env, [&] {
        const ggml_tensor * t       = from_handle<ggml_tensor>(tensor);
        const jlong         facts[] = {
            t->type,
            t->ne[0], t->ne[1], t->ne[2], t->ne[3],
            static_cast<jlong>(t->nb[0]), static_cast<jlong>(t->nb[1]), static_cast<jlong>(t->nb[2]), static_cast<jlong>(t->nb[3]),
            static_cast<jlong>(ggml_nbytes(t)),
        };
        env->SetLongArrayRegion(into, 0, 10, facts);
        return 0;
    });
}

WANLET_JNI(void, tensorSetName)(JNIEnv * env, jclass, jlong tensor, jbyteArray name) {
    guarded<int>(env, [&] {
        ggml_set_name(from_handle<ggml_tensor>(tensor), to_string(env, name).c_str());
        return 0;
    });
}

WANLET_JNI(void, tensorMarkInput)(JNIEnv * env, jclass, jlong tensor) {
    guarded<int>(env, [&] {
        ggml_set_input(from_handle<ggml_tensor>(tensor));
        return 0;
    });
}

WANLET_JNI(void, tensorMarkOutput)(JNIEnv * env, jclass, jlong tensor) {
    guarded<int>(env, [&] {
        ggml_set_output(from_handle<ggml_tensor>(tensor));
        return 0;
    });
}

// Makes the tensor look placed, so that a graph that reads it can be measured without its memory being there.
WANLET_JNI(void, tensorPretendPlaced)(JNIEnv * env, jclass, jlong tensor) {
    guarded<int>(env, [&] {
        from_handle<ggml_tensor>(tensor)->data = reinterpret_cast<void *>(static_cast<uintptr_t>(0x1000));
        return 0;
    });
}

// Whether the tensor has memory: placed in a buffer, or allocated by a graph allocator.
WANLET_JNI(jboolean, tensorIsPlaced)(JNIEnv * env, jclass, jlong tensor) {
    return guarded<jboolean>(env, [&]() -> jboolean {
        const ggml_tensor * t = from_handle<ggml_tensor>(tensor);
        // A view made before its tensor was placed has a buffer, but no address.
        return t->data != nullptr && (t->view_src != nullptr ? t->view_src->buffer : t->buffer) != nullptr;
    });
}

WANLET_JNI(void, tensorSetAddress)(JNIEnv * env, jclass, jlong tensor, jlong address, jlong offset, jlong bytes) {
    guarded<int>(env, [&] {
        ggml_backend_tensor_set(from_handle<ggml_tensor>(tensor), from_handle<void>(address),
                                static_cast<size_t>(offset), static_cast<size_t>(bytes));
        return 0;
    });
}

WANLET_JNI(void, tensorGetAddress)(JNIEnv * env, jclass, jlong tensor, jlong address, jlong offset, jlong bytes) {
    guarded<int>(env, [&] {
        ggml_backend_tensor_get(from_handle<ggml_tensor>(tensor), from_handle<void>(address),
                                static_cast<size_t>(offset), static_cast<size_t>(bytes));
        return 0;
    });
}

WANLET_JNI(void, tensorSetAddressAsync)
(JNIEnv * env, jclass, jlong backend, jlong tensor, jlong address, jlong offset, jlong bytes) {
    guarded<int>(env, [&] {
        ggml_backend_tensor_set_async(from_handle<ggml_backend>(backend), from_handle<ggml_tensor>(tensor),
                                      from_handle<void>(address), static_cast<size_t>(offset),
                                      static_cast<size_t>(bytes));
        return 0;
    });
}

namespace {

// Transfers to a device may block on the driver, which must not happen while a Java array is held critically; so the
// values pass through native memory in pieces.
constexpr size_t PIECE_BYTES = 1 << 20;

template <class Move> void in_pieces(size_t bytes, Move && move) {
    std::string piece(bytes < PIECE_BYTES ? bytes : PIECE_BYTES, '\0');
    for (size_t done = 0; done < bytes; done += piece.size()) {
        const size_t n = bytes - done < piece.size() ? bytes - done : piece.size();
        move(&piece[0], done, n);
    }
}

}  // namespace

WANLET_JNI(void, tensorSetFloats)
(JNIEnv * env, jclass, jlong tensor, jlong offset, jfloatArray values, jint start, jint count) {
    guarded<int>(env, [&] {
        ggml_tensor * t = from_handle<ggml_tensor>(tensor);
        in_pieces(static_cast<size_t>(count) * 4, [&](char * piece, size_t done, size_t n) {
            env->GetFloatArrayRegion(values, start + static_cast<jsize>(done / 4), static_cast<jsize>(n / 4),
                                     reinterpret_cast<jfloat *>(piece));
            if (env->ExceptionCheck()) {
                throw pending_java_exception();
            }
            ggml_backend_tensor_set(t, piece, static_cast<size_t>(offset) + done, n);
        });
        return 0;
    });
}

WANLET_JNI(void, tensorGetFloats)
(JNIEnv * env, jclass, jlong tensor, jlong offset, jfloatArray values, jint start, jint count) {
    guarded<int>(env, [&] {
        const ggml_tensor * t = from_handle<ggml_tensor>(tensor);
        in_pieces(static_cast<size_t>(count) * 4, [&](char * piece, size_t done, size_t n) {
            ggml_backend_tensor_get(t, piece, static_cast<size_t>(offset) + done, n);
            env->SetFloatArrayRegion(values, start + static_cast<jsize>(done / 4), static_cast<jsize>(n / 4),
                                     reinterpret_cast<const jfloat *>(piece));
            if (env->ExceptionCheck()) {
                throw pending_java_exception();
            }
        });
        return 0;
    });
}

WANLET_JNI(void, tensorSetInts)
(JNIEnv * env, jclass, jlong tensor, jlong offset, jintArray values, jint start, jint count) {
    guarded<int>(env, [&] {
        ggml_tensor * t = from_handle<ggml_tensor>(tensor);
        in_pieces(static_cast<size_t>(count) * 4, [&](char * piece, size_t done, size_t n) {
            env->GetIntArrayRegion(values, start + static_cast<jsize>(done / 4), static_cast<jsize>(n / 4),
                                   reinterpret_cast<jint *>(piece));
            if (env->ExceptionCheck()) {
                throw pending_java_exception();
            }
            ggml_backend_tensor_set(t, piece, static_cast<size_t>(offset) + done, n);
        });
        return 0;
    });
}

WANLET_JNI(jlong, graphNew)(JNIEnv * env, jclass, jlong arena, jlong max_nodes) {
    return guarded<jlong>(env, [&] {
        return to_handle(ggml_new_graph_custom(from_handle<ggml_context>(arena), static_cast<size_t>(max_nodes), false));
    });
}

namespace {

// ggml ends the process when a graph is full, so what a result adds is counted first.
void require_room(ggml_cgraph * graph, const ggml_tensor * result) {
    std::unordered_set<const ggml_tensor *> operations;
    std::unordered_set<const ggml_tensor *> leaves;
    std::vector<const ggml_tensor *>        pending = { result };
    for (int i = 0; i < ggml_graph_n_nodes(graph); i++) {
        const ggml_tensor * node = ggml_graph_node(graph, i);
        operations.insert(node);
        for (const ggml_tensor * source : node->src) {
            if (source != nullptr && source->op == GGML_OP_NONE) {
                leaves.insert(source);
            }
        }
    }
    while (!pending.empty()) {
        const ggml_tensor * t = pending.back();
        pending.pop_back();
        const bool added = t->op == GGML_OP_NONE ? leaves.insert(t).second : operations.insert(t).second;
        for (int i = 0; added && i < GGML_MAX_SRC; i++) {
            if (t->src[i] != nullptr) {
                pending.push_back(t->src[i]);
            }
        }
    }
    const size_t size = static_cast<size_t>(ggml_graph_size(graph));
    if (operations.size() > size || leaves.size() > size) {
        throw native_error(error_code::INVALID_ARGUMENT,
                           "a graph of at most " + std::to_string(size) + " operations and as many inputs cannot take " +
                               std::to_string(operations.size()) + " and " + std::to_string(leaves.size()) +
                               "; make its arena larger");
    }
}

}  // namespace

WANLET_JNI(void, graphExpand)(JNIEnv * env, jclass, jlong graph, jlong tensor) {
    guarded<int>(env, [&] {
        require_room(from_handle<ggml_cgraph>(graph), from_handle<ggml_tensor>(tensor));
        ggml_build_forward_expand(from_handle<ggml_cgraph>(graph), from_handle<ggml_tensor>(tensor));
        return 0;
    });
}

WANLET_JNI(jint, graphNodes)(JNIEnv * env, jclass, jlong graph) {
    return guarded<jint>(env, [&] { return ggml_graph_n_nodes(from_handle<ggml_cgraph>(graph)); });
}

namespace {

std::string describe(const ggml_tensor * node, int64_t largest) {
    std::string text  = std::string(ggml_op_desc(node)) + " (" + node->name + ") on";
    const ggml_tensor * large = nullptr;
    for (int s = 0; s < GGML_MAX_SRC && node->src[s] != nullptr; s++) {
        text += std::string(" ") + ggml_type_name(node->src[s]->type);
        if (large == nullptr && static_cast<int64_t>(ggml_nbytes(node->src[s])) > largest) {
            large = node->src[s];
        }
    }
    if (large == nullptr && static_cast<int64_t>(ggml_nbytes(node)) > largest) {
        large = node;  // last: an operand is more likely to have a name
    }
    if (large != nullptr) {
        text += std::string(": tensor ") + large->name + " takes " + std::to_string(ggml_nbytes(large)) +
                " bytes, and this device's largest takes " + std::to_string(largest);
    }
    return text;
}

}  // namespace

// The operation and name of the first node the device lacks, or null if it can run all of them.
WANLET_JNI(jbyteArray, graphFirstUnsupported)(JNIEnv * env, jclass, jlong graph, jlong device) {
    return guarded<jbyteArray>(env, [&]() -> jbyteArray {
        ggml_cgraph *      g   = from_handle<ggml_cgraph>(graph);
        ggml_backend_dev_t dev = from_handle<ggml_backend_device>(device);
        for (int i = 0; i < ggml_graph_n_nodes(g); i++) {
            const ggml_tensor * node = ggml_graph_node(g, i);
            if (!is_view(node) && !ggml_backend_dev_supports_op(dev, node)) {
                return to_bytes(env, describe(node, largest_tensor(dev)).c_str());
            }
        }
        return nullptr;
    });
}

WANLET_JNI(jlong, allocatorNew)(JNIEnv * env, jclass, jlong buffer_type) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_gallocr_new(from_handle<ggml_backend_buffer_type>(buffer_type))); });
}

WANLET_JNI(void, allocatorFree)(JNIEnv * env, jclass, jlong allocator) {
    guarded<int>(env, [&] {
        ggml_gallocr_free(from_handle<ggml_gallocr>(allocator));
        return 0;
    });
}

// Bytes that reserve() would take for this graph, without taking them.
WANLET_JNI(jlong, allocatorMeasure)(JNIEnv * env, jclass, jlong allocator, jlong graph) {
    return guarded<jlong>(env, [&] {
        size_t size = 0;
        ggml_gallocr_reserve_n_size(from_handle<ggml_gallocr>(allocator), from_handle<ggml_cgraph>(graph), nullptr, nullptr,
                                    &size);
        return static_cast<jlong>(size);
    });
}

WANLET_JNI(jboolean, allocatorReserve)(JNIEnv * env, jclass, jlong allocator, jlong graph) {
    return guarded<jboolean>(env, [&]() -> jboolean {
        try {
            return ggml_gallocr_reserve(from_handle<ggml_gallocr>(allocator), from_handle<ggml_cgraph>(graph));
        } catch (const native_error &) {
            throw;
        } catch (const std::exception &) {
            return JNI_FALSE;  // Vulkan reports a failed allocation by throwing
        }
    });
}

WANLET_JNI(jboolean, allocatorAssign)(JNIEnv * env, jclass, jlong allocator, jlong graph) {
    return guarded<jboolean>(env, [&]() -> jboolean {
        ggml_cgraph * g = from_handle<ggml_cgraph>(graph);
        for (int i = 0; i < ggml_graph_n_nodes(g); i++) {
            const ggml_tensor * node = ggml_graph_node(g, i);
            for (const ggml_tensor * src : node->src) {
                const ggml_tensor * root = src != nullptr && src->view_src != nullptr ? src->view_src : src;
                if (root != nullptr && root->data != nullptr && root->buffer == nullptr) {
                    throw native_error(error_code::INVALID_ARGUMENT,
                                       std::string("tensor ") + root->name + " is only pretended to have memory");
                }
            }
        }
        return ggml_gallocr_alloc_graph(from_handle<ggml_gallocr>(allocator), from_handle<ggml_cgraph>(graph));
    });
}

WANLET_JNI(jlong, allocatorBytes)(JNIEnv * env, jclass, jlong allocator) {
    return guarded<jlong>(env, [&] {
        return static_cast<jlong>(ggml_gallocr_get_buffer_size(from_handle<ggml_gallocr>(allocator), 0));
    });
}
