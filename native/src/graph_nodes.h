// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ggml.h"

namespace wanlet {

// Nodes that only rename memory are never run: what they look into may be larger than a device can address at once.
inline bool is_view(const ggml_tensor * node) {
    switch (node->op) {
        case GGML_OP_NONE:
        case GGML_OP_RESHAPE:
        case GGML_OP_VIEW:
        case GGML_OP_PERMUTE:
        case GGML_OP_TRANSPOSE:
            return true;
        default:
            return false;
    }
}

}  // namespace wanlet
