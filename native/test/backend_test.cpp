// SPDX-License-Identifier: Apache-2.0
// The built libraries as a program finds them: backends are loaded from the flat directory and compute.

#include "device_limits.h"
#include "test.h"
#include "waiting.h"

#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml-cpp.h>
#include <ggml.h>

#include <cstdint>
#include <mutex>
#include <vector>

namespace {

ggml_backend_dev_t cpu_device() {
    static std::once_flag loaded;
    std::call_once(loaded, [] {
        wanlet::let_waiting_threads_sleep();
        ggml_backend_load_all_from_path(WANLET_LIBRARY_DIR);
    });
    ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    EXPECT(device != nullptr);
    return device;
}

// Seeded values in [-1, 1).
std::vector<float> noise(int64_t count, uint32_t seed) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float & value : values) {
        seed  = seed * 1664525u + 1013904223u;
        value = static_cast<float>(seed >> 8) / 8388608.0f - 1.0f;
    }
    return values;
}

// y [n, m] = x [n, k] * transpose(w [m, k]), as ggml_mul_mat does it.
std::vector<double> plain_matmul(const std::vector<float> & w, const std::vector<float> & x, int64_t k, int64_t m,
                                 int64_t n) {
    std::vector<double> y(static_cast<size_t>(n * m), 0.0);
    for (int64_t row = 0; row < n; row++) {
        for (int64_t column = 0; column < m; column++) {
            for (int64_t i = 0; i < k; i++) {
                y[row * m + column] += static_cast<double>(x[row * k + i]) * w[column * k + i];
            }
        }
    }
    return y;
}

}  // namespace

TEST_CASE(cpu_backend_is_found_in_the_flat_directory) {
    EXPECT_EQ(std::string(ggml_backend_dev_name(cpu_device())), std::string("CPU"));
}

TEST_CASE(the_cpu_bounds_no_tensor) { EXPECT_EQ(wanlet::largest_tensor(cpu_device()), int64_t{ INT64_MAX }); }

TEST_CASE(cpu_matmul_equals_a_plain_loop) {
    constexpr int64_t k = 96;
    constexpr int64_t m = 33;  // odd on purpose: tiled kernels have remainders
    constexpr int64_t n = 17;
    const std::vector<float> w_values = noise(k * m, 1);
    const std::vector<float> x_values = noise(k * n, 2);

    ggml_backend_ptr backend(ggml_backend_dev_init(cpu_device(), nullptr));
    EXPECT(backend != nullptr);
    ggml_context_ptr context(ggml_init({ ggml_tensor_overhead() * 8 + ggml_graph_overhead(), nullptr, true }));
    ggml_tensor * w = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, k, m);
    ggml_tensor * x = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, k, n);
    ggml_tensor * y = ggml_mul_mat(context.get(), w, x);
    ggml_cgraph * graph = ggml_new_graph(context.get());
    ggml_build_forward_expand(graph, y);

    ggml_backend_buffer_ptr buffer(ggml_backend_alloc_ctx_tensors(context.get(), backend.get()));
    EXPECT(buffer != nullptr);
    ggml_backend_tensor_set(w, w_values.data(), 0, ggml_nbytes(w));
    ggml_backend_tensor_set(x, x_values.data(), 0, ggml_nbytes(x));
    EXPECT_EQ(static_cast<int>(ggml_backend_graph_compute(backend.get(), graph)), static_cast<int>(GGML_STATUS_SUCCESS));

    std::vector<float> actual(static_cast<size_t>(m * n));
    EXPECT_EQ(ggml_nbytes(y), actual.size() * sizeof(float));
    ggml_backend_tensor_get(y, actual.data(), 0, ggml_nbytes(y));
    const std::vector<double> expected = plain_matmul(w_values, x_values, k, m, n);
    // 96 products of magnitude <= 1 summed in F32: rounding stays below 96 * 96 * 2^-24.
    for (size_t i = 0; i < actual.size(); i++) {
        EXPECT_NEAR(actual[i], expected[i], 96 * 96 / 16777216.0);
    }
}

// Beside another busy program a thread may have to wait for as long as that program's time slice. A barrier that spins
// takes the very processor that the late thread needs.
TEST_CASE(a_waiting_thread_sleeps) {
    ggml_backend_ptr backend(ggml_backend_dev_init(cpu_device(), nullptr));
    constexpr int threads = 2;
    auto set_threads = reinterpret_cast<ggml_backend_set_n_threads_t>(
        ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu_device()), "ggml_backend_set_n_threads"));
    set_threads(backend.get(), threads);
    for (int i = 0; i < 5; i++) {
        EXPECT(wanlet::longest_spin(backend.get(), threads) < 1000000);  // of 5,000,000 ns waited
    }
}
