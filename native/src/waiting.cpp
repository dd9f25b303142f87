// SPDX-License-Identifier: Apache-2.0

#include "waiting.h"

#include "ggml-cpp.h"
#include "ggml.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

namespace wanlet {

namespace {

// Turns of libgomp's waiting loop, some 30 microseconds: longer than most operations of a small model are apart, and far
// shorter than a time slice, which is what a thread waits when the other one's processor is taken.
constexpr const char * GNU_SPIN = "1000";

void set_variable(const char * name, const char * value) {
#ifdef _WIN32
    _putenv_s(name, value);
#else
    setenv(name, value, 1);
#endif
}

int64_t processor_time() {
#ifdef _WIN32
    return 0;
#else
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
#endif
}

struct wait_times {
    std::vector<int64_t> arrived;
    std::vector<int64_t> spun;
};

void first_one_comes_late(ggml_tensor *, int thread, int, void * data) {
    if (thread == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    static_cast<wait_times *>(data)->arrived[static_cast<size_t>(thread)] = processor_time();
}

void take_times(ggml_tensor *, int thread, int, void * data) {
    wait_times & times = *static_cast<wait_times *>(data);
    times.spun[static_cast<size_t>(thread)] = processor_time() - times.arrived[static_cast<size_t>(thread)];
}

}  // namespace

void let_waiting_threads_sleep() {
    set_variable("GOMP_SPINCOUNT", GNU_SPIN);
    set_variable("KMP_BLOCKTIME", "0");  // LLVM's and Intel's; in milliseconds
}

int64_t longest_spin(ggml_backend_t cpu, int threads) {
    wait_times times;
    times.arrived.resize(static_cast<size_t>(threads));
    times.spun.resize(static_cast<size_t>(threads));

    ggml_context_ptr context(ggml_init({ ggml_tensor_overhead() * 4 + ggml_graph_overhead() + 4096, nullptr, false }));
    if (context == nullptr) {
        throw std::bad_alloc();
    }
    ggml_tensor * arrive =
        ggml_custom_4d(context.get(), GGML_TYPE_F32, 1, 1, 1, 1, nullptr, 0, first_one_comes_late, GGML_N_TASKS_MAX, &times);
    ggml_tensor * leave =
        ggml_custom_4d(context.get(), GGML_TYPE_F32, 1, 1, 1, 1, &arrive, 1, take_times, GGML_N_TASKS_MAX, &times);
    ggml_cgraph * graph = ggml_new_graph(context.get());
    ggml_build_forward_expand(graph, leave);
    if (ggml_backend_graph_compute(cpu, graph) != GGML_STATUS_SUCCESS) {
        throw std::runtime_error("the CPU backend could not run a graph of two operations");
    }
    // The first thread only slept.
    return threads < 2 ? 0 : *std::max_element(times.spun.begin() + 1, times.spun.end());
}

}  // namespace wanlet
