// SPDX-License-Identifier: Apache-2.0
//
// What ggml knows of a device and does not tell.

#pragma once

#include "ggml-backend.h"
#include "ggml.h"

#include <cstdint>

namespace wanlet {

// The largest tensor, in bytes, that operations on the device may read or write; INT64_MAX where there is no bound.
//
// ggml has no call for it: Vulkan's limit on the range of a storage buffer (128 MiB on software devices, 1 to 4 GiB on
// graphics cards) shows only in supports_op, which refuses every node with a larger tensor, one without an operation
// included. So that is asked for sizes by bisection.
inline int64_t largest_tensor(ggml_backend_dev_t device) {
    ggml_init_params params = { ggml_tensor_overhead(), nullptr, /*no_alloc*/ true };
    ggml_context *   ctx    = ggml_init(params);
    if (ctx == nullptr) {
        return 0;
    }
    ggml_tensor * probe = ggml_new_tensor_1d(ctx, GGML_TYPE_I8, 1);
    const auto    takes = [&](int64_t bytes) {
        probe->ne[0] = bytes;
        probe->nb[1] = probe->nb[2] = probe->nb[3] = static_cast<size_t>(bytes);
        return ggml_backend_dev_supports_op(device, probe);
    };
    int64_t fits  = 0;
    int64_t large = int64_t{ 1 } << 48;
    if (takes(large)) {
        ggml_free(ctx);
        return INT64_MAX;
    }
    while (large - fits > 1) {
        const int64_t middle = fits + (large - fits) / 2;
        (takes(middle) ? fits : large) = middle;
    }
    ggml_free(ctx);
    return fits;
}

}  // namespace wanlet
