// SPDX-License-Identifier: Apache-2.0
//
// Graphs one operation at a time, so that each can be timed.

#include "ggml-backend.h"
#include "ggml-cpp.h"
#include "ggml.h"
#include "graph_nodes.h"
#include "jni_support.h"

#include <string>

using namespace wanlet;

namespace {

ggml_tensor * node_of(jlong graph, jint index) {
    ggml_cgraph * g = from_handle<ggml_cgraph>(graph);
    if (index < 0 || index >= ggml_graph_n_nodes(g)) {
        throw native_error(error_code::INVALID_ARGUMENT, "the graph has " + std::to_string(ggml_graph_n_nodes(g)) +
                                                             " operations, none with index " + std::to_string(index));
    }
    return ggml_graph_node(g, index);
}

// Bytes of the elements; unlike ggml_nbytes, without those that a view skips.
int64_t element_bytes(const ggml_tensor * t) {
    return ggml_nelements(t) / ggml_blck_size(t->type) * static_cast<int64_t>(ggml_type_size(t->type));
}

// Multiplications and additions of the operations that are made of products.
int64_t product_operations(const ggml_tensor * node) {
    switch (node->op) {
        case GGML_OP_MUL_MAT:
            return 2 * ggml_nelements(node) * node->src[0]->ne[0];
        case GGML_OP_CONV_2D:
            return 2 * ggml_nelements(node) * node->src[0]->ne[0] * node->src[0]->ne[1] * node->src[0]->ne[2];
        case GGML_OP_FLASH_ATTN_EXT:  // once for the scores, once for the values
            return 2 * ggml_nelements(node->src[0]) * node->src[1]->ne[1] + 2 * ggml_nelements(node) * node->src[1]->ne[1];
        default:
            return 0;
    }
}

}  // namespace

// The operation's name, with the type of its first operand where kernels differ by it, such as "MUL_MAT q8_0"; null for
// what only renames memory and is never run.
WANLET_JNI(jbyteArray, graphNodeKind)(JNIEnv * env, jclass, jlong graph, jint index) {
    return guarded<jbyteArray>(env, [&]() -> jbyteArray {
        const ggml_tensor * node = node_of(graph, index);
        if (is_view(node)) {
            return nullptr;
        }
        std::string kind = ggml_op_desc(node);
        if (node->op == GGML_OP_FLASH_ATTN_EXT) {
            kind += std::string(" ") + ggml_type_name(node->src[1]->type);
        } else if (node->op == GGML_OP_CPY || node->op == GGML_OP_CONT) {
            kind += std::string(" ") + ggml_type_name(node->src[0]->type) + " to " + ggml_type_name(node->type);
        } else if (product_operations(node) > 0) {
            kind += std::string(" ") + ggml_type_name(node->src[0]->type);
        }
        return to_bytes(env, kind.c_str());
    });
}

// {bytes read, bytes written, operations of products}
WANLET_JNI(jlongArray, graphNodeWork)(JNIEnv * env, jclass, jlong graph, jint index) {
    return guarded<jlongArray>(env, [&] {
        const ggml_tensor * node = node_of(graph, index);
        int64_t             read = 0;
        for (int s = 0; s < GGML_MAX_SRC; s++) {
            // ggml names the target of a copy as an operand.
            if (node->src[s] != nullptr && !(node->op == GGML_OP_CPY && s == 1)) {
                read += element_bytes(node->src[s]);
            }
        }
        const int64_t work[] = { read, element_bytes(node), product_operations(node) };
        return to_long_array(env, work, 3);
    });
}

// Runs one operation of an allocated graph and waits for it.
WANLET_JNI(void, backendComputeNode)(JNIEnv * env, jclass, jlong backend, jlong graph, jint index) {
    guarded<int>(env, [&] {
        ggml_backend_t   b    = from_handle<ggml_backend>(backend);
        ggml_tensor *    node = node_of(graph, index);
        ggml_context_ptr context{ ggml_init({ ggml_graph_overhead_custom(1, false), nullptr, true }) };
        if (!context) {
            throw std::bad_alloc();
        }
        ggml_cgraph * single = ggml_new_graph_custom(context.get(), 1, false);
        ggml_graph_add_node(single, node);
        const ggml_status status = ggml_backend_graph_compute(b, single);
        ggml_backend_synchronize(b);
        if (status != GGML_STATUS_SUCCESS) {
            throw native_error(status == GGML_STATUS_ABORTED ? error_code::ABORTED : error_code::DEVICE_FAILED,
                               std::string("device ") + ggml_backend_name(b) + " did not finish " + ggml_op_desc(node));
        }
        return 0;
    });
}
