// SPDX-License-Identifier: Apache-2.0
//
// Devices, backends and buffers: one ggml call per function.

#include "device_limits.h"
#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "ggml.h"
#include "jni_support.h"
#include "waiting.h"

#include <atomic>
#include <cstring>

#ifndef _WIN32
#include <dlfcn.h>
#endif

using namespace wanlet;

namespace {

using set_n_threads_t      = void (*)(ggml_backend_t, int);
using set_abort_callback_t = void (*)(ggml_backend_t, ggml_abort_callback, void *);
using extra_bufts_t        = ggml_backend_buffer_type_t * (*) (ggml_backend_dev_t);
using graph_plan_t         = ggml_cplan (*)(const ggml_cgraph *, int, ggml_threadpool *);

template <class F> F proc_address(ggml_backend_dev_t device, const char * name) {
    ggml_backend_reg_t reg = ggml_backend_dev_backend_reg(device);
    return reinterpret_cast<F>(ggml_backend_reg_get_proc_address(reg, name));
}

// Runs a call of a backend; says which device it was when Vulkan throws out of it.
template <class F> auto on_device(const char * device, const char * doing, F && body) {
    try {
        return body();
    } catch (const std::system_error & e) {
        throw native_error(code_of(e), std::string("device ") + device + " failed while " + doing + ": " + e.what());
    }
}

void keep_errors(ggml_log_level level, const char * text, void * said) {
    if (level == GGML_LOG_LEVEL_ERROR) {
        static_cast<std::string *>(said)->append(text);
    }
}

bool is_raised(void * flag) { return static_cast<std::atomic<int> *>(flag)->load(std::memory_order_relaxed) != 0; }

}  // namespace

WANLET_JNI(jbyteArray, buildId)(JNIEnv * env, jclass) {
    return guarded<jbyteArray>(env, [&] { return to_bytes(env, WANLET_BUILD_ID); });
}

WANLET_JNI(jbyteArray, ggmlTree)(JNIEnv * env, jclass) {
    return guarded<jbyteArray>(env, [&] { return to_bytes(env, WANLET_GGML_TREE); });
}

WANLET_JNI(jbyteArray, ggmlVersion)(JNIEnv * env, jclass) {
    return guarded<jbyteArray>(env, [&] { return to_bytes(env, ggml_version()); });
}

WANLET_JNI(void, loadBackends)(JNIEnv * env, jclass, jbyteArray directory) {
    guarded<int>(env, [&] {
        let_waiting_threads_sleep();
        ggml_backend_load_all_from_path(to_string(env, directory).c_str());
        return 0;
    });
}

// Why ggml does not take this backend, in its words, or null if it does. ggml says it in its log.
WANLET_JNI(jbyteArray, backendProblem)(JNIEnv * env, jclass, jbyteArray library) {
    return guarded<jbyteArray>(env, [&]() -> jbyteArray {
        const std::string path = to_string(env, library);
        ggml_log_callback log;
        void *            log_data;
        std::string       said;
        ggml_log_get(&log, &log_data);
        ggml_log_set(keep_errors, &said);
        ggml_backend_reg_t reg = ggml_backend_load(path.c_str());
        ggml_log_set(log, log_data);
        if (reg != nullptr) {
            return nullptr;
        }
        // A CPU backend for other processors is refused without an error.
        return to_bytes(env, said.empty() ? "it is not for this system" : said.c_str());
    });
}

WANLET_JNI(jlongArray, devices)(JNIEnv * env, jclass) {
    return guarded<jlongArray>(env, [&] {
        const size_t n = ggml_backend_dev_count();
        jlongArray   result = env->NewLongArray(static_cast<jsize>(n));
        for (size_t i = 0; result != nullptr && i < n; i++) {
            const jlong handle = to_handle(ggml_backend_dev_get(i));
            env->SetLongArrayRegion(result, static_cast<jsize>(i), 1, &handle);
        }
        return result;
    });
}

WANLET_JNI(jbyteArray, deviceName)(JNIEnv * env, jclass, jlong device) {
    return guarded<jbyteArray>(
        env, [&] { return to_bytes(env, ggml_backend_dev_name(from_handle<ggml_backend_device>(device))); });
}

WANLET_JNI(jbyteArray, deviceDescription)(JNIEnv * env, jclass, jlong device) {
    return guarded<jbyteArray>(
        env, [&] { return to_bytes(env, ggml_backend_dev_description(from_handle<ggml_backend_device>(device))); });
}

WANLET_JNI(jbyteArray, deviceBackend)(JNIEnv * env, jclass, jlong device) {
    return guarded<jbyteArray>(env, [&] {
        return to_bytes(env, ggml_backend_reg_name(ggml_backend_dev_backend_reg(from_handle<ggml_backend_device>(device))));
    });
}

// Opens nothing on the card, which deviceFacts does: CUDA makes a context to tell how much memory is free.
WANLET_JNI(jint, deviceKind)(JNIEnv * env, jclass, jlong device) {
    return guarded<jint>(
        env, [&] { return static_cast<jint>(ggml_backend_dev_type(from_handle<ggml_backend_device>(device))); });
}

// {type, free bytes, total bytes, async, pinned host buffers, buffers from host pointers, events}
WANLET_JNI(jlongArray, deviceFacts)(JNIEnv * env, jclass, jlong device) {
    return guarded<jlongArray>(env, [&] {
        ggml_backend_dev_props props;
        ggml_backend_dev_get_props(from_handle<ggml_backend_device>(device), &props);
        const int64_t facts[] = {
            props.type,          static_cast<int64_t>(props.memory_free), static_cast<int64_t>(props.memory_total),
            props.caps.async,    props.caps.host_buffer,                  props.caps.buffer_from_host_ptr,
            props.caps.events,
        };
        return to_long_array(env, facts, 7);
    });
}

// The instruction sets and options its kernels were built with, a name a line, with its value where that is not 1; empty
// where the backend lists none.
WANLET_JNI(jbyteArray, deviceFeatures)(JNIEnv * env, jclass, jlong device) {
    return guarded<jbyteArray>(env, [&] {
        ggml_backend_dev_t dev  = from_handle<ggml_backend_device>(device);
        auto               list = proc_address<ggml_backend_get_features_t>(dev, "ggml_backend_get_features");
        std::string        names;
        if (list != nullptr) {
            const ggml_backend_feature * feature = list(ggml_backend_dev_backend_reg(dev));
            for (; feature != nullptr && feature->name != nullptr; feature++) {
                const bool is_switch = std::strcmp(feature->value, "1") == 0;
                names.append(feature->name).append(is_switch ? "" : std::string("=") + feature->value).append("\n");
            }
        }
        return to_bytes(env, names.c_str());
    });
}

WANLET_JNI(jlong, backendInit)(JNIEnv * env, jclass, jlong device) {
    return guarded<jlong>(env, [&] {
        ggml_backend_dev_t dev     = from_handle<ggml_backend_device>(device);
        const char *       name    = ggml_backend_dev_name(dev);
        ggml_backend_t     backend = on_device(name, "being opened", [&] { return ggml_backend_dev_init(dev, nullptr); });
        if (backend == nullptr) {
            throw native_error(error_code::DEVICE_FAILED,
                               std::string("device ") + name + " could not be opened");
        }
        return to_handle(backend);
    });
}

WANLET_JNI(void, backendFree)(JNIEnv * env, jclass, jlong backend) {
    guarded<int>(env, [&] {
        ggml_backend_free(from_handle<ggml_backend>(backend));
        return 0;
    });
}

// Sets the worker threads of a CPU backend; other backends have none, which is no error.
WANLET_JNI(void, backendSetThreads)(JNIEnv * env, jclass, jlong backend, jint threads) {
    guarded<int>(env, [&] {
        ggml_backend_t b   = from_handle<ggml_backend>(backend);
        auto           set = proc_address<set_n_threads_t>(ggml_backend_get_device(b), "ggml_backend_set_n_threads");
        if (set != nullptr) {
            set(b, threads);
        }
        return 0;
    });
}

WANLET_JNI(jlong, longestSpin)(JNIEnv * env, jclass, jlong backend, jint threads) {
    return guarded<jlong>(env, [&] { return static_cast<jlong>(longest_spin(from_handle<ggml_backend>(backend), threads)); });
}

WANLET_JNI(jlong, abortFlagNew)(JNIEnv * env, jclass) {
    return guarded<jlong>(env, [&] { return to_handle(new std::atomic<int>(0)); });
}

WANLET_JNI(void, abortFlagSet)(JNIEnv * env, jclass, jlong flag, jint value) {
    guarded<int>(env, [&] {
        from_handle<std::atomic<int>>(flag)->store(value, std::memory_order_relaxed);
        return 0;
    });
}

WANLET_JNI(void, abortFlagFree)(JNIEnv * env, jclass, jlong flag) {
    guarded<int>(env, [&] {
        delete from_handle<std::atomic<int>>(flag);
        return 0;
    });
}

// Returns whether the backend can stop inside a graph (CPU and Metal can).
WANLET_JNI(jboolean, backendSetAbortFlag)(JNIEnv * env, jclass, jlong backend, jlong flag) {
    return guarded<jboolean>(env, [&]() -> jboolean {
        ggml_backend_t b = from_handle<ggml_backend>(backend);
        auto set = proc_address<set_abort_callback_t>(ggml_backend_get_device(b), "ggml_backend_set_abort_callback");
        if (set == nullptr) {
            return JNI_FALSE;
        }
        set(b, is_raised, from_handle<std::atomic<int>>(flag));
        return JNI_TRUE;
    });
}

WANLET_JNI(void, backendCompute)(JNIEnv * env, jclass, jlong backend, jlong graph) {
    guarded<int>(env, [&] {
        ggml_backend_t     b    = from_handle<ggml_backend>(backend);
        const char *       name = ggml_backend_name(b);
        const ggml_status status =
            on_device(name, "computing a graph", [&] { return ggml_backend_graph_compute(b, from_handle<ggml_cgraph>(graph)); });
        switch (status) {
            case GGML_STATUS_SUCCESS:
                return 0;
            case GGML_STATUS_ABORTED:
                throw native_error(error_code::ABORTED, "the graph was stopped");
            case GGML_STATUS_ALLOC_FAILED:
                throw native_error(error_code::OUT_OF_MEMORY,
                                   std::string("device ") + name + " ran out of memory in a graph");
            default:
                throw native_error(error_code::DEVICE_FAILED,
                                   std::string("device ") + name + " failed while computing a graph");
        }
    });
}

WANLET_JNI(void, backendSynchronize)(JNIEnv * env, jclass, jlong backend) {
    guarded<int>(env, [&] {
        ggml_backend_t b = from_handle<ggml_backend>(backend);
        return on_device(ggml_backend_name(b), "finishing its work", [&] {
            ggml_backend_synchronize(b);
            return 0;
        });
    });
}

// The largest tensor that operations on the device may read or write, in bytes; INT64_MAX where there is no bound.
WANLET_JNI(jlong, deviceLargestTensor)(JNIEnv * env, jclass, jlong device) {
    return guarded<jlong>(env, [&] { return static_cast<jlong>(largest_tensor(from_handle<ggml_backend_device>(device))); });
}

// Bytes of scratch memory that the CPU backend allocates outside ggml buffers for this graph; -1 where it cannot be
// asked. ggml_graph_plan is exported by the CPU library but not offered as a proc address, so the library that holds
// a known proc address is asked for the symbol.
WANLET_JNI(jlong, cpuGraphWorkSize)(JNIEnv * env, jclass, jlong device, jlong graph, jint threads) {
    return guarded<jlong>(env, [&]() -> jlong {
#ifdef _WIN32
        (void) device; (void) graph; (void) threads;
        return -1;
#else
        void * known = ggml_backend_reg_get_proc_address(
            ggml_backend_dev_backend_reg(from_handle<ggml_backend_device>(device)), "ggml_backend_set_n_threads");
        Dl_info info;
        if (known == nullptr || dladdr(known, &info) == 0) {
            return -1;
        }
        void * library = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
        if (library == nullptr) {
            return -1;
        }
        auto  plan = reinterpret_cast<graph_plan_t>(dlsym(library, "ggml_graph_plan"));
        jlong size = plan == nullptr ? -1 : static_cast<jlong>(plan(from_handle<ggml_cgraph>(graph), threads, nullptr).work_size);
        dlclose(library);
        return size;
#endif
    });
}

WANLET_JNI(jlong, deviceBufferType)(JNIEnv * env, jclass, jlong device) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_backend_dev_buffer_type(from_handle<ggml_backend_device>(device))); });
}

// Pinned host memory of the device, or 0 if it has none.
WANLET_JNI(jlong, deviceHostBufferType)(JNIEnv * env, jclass, jlong device) {
    return guarded<jlong>(
        env, [&] { return to_handle(ggml_backend_dev_host_buffer_type(from_handle<ggml_backend_device>(device))); });
}

// Buffer types beyond the default one: on CPU those that repack weights.
WANLET_JNI(jlongArray, deviceExtraBufferTypes)(JNIEnv * env, jclass, jlong device) {
    return guarded<jlongArray>(env, [&] {
        ggml_backend_dev_t dev  = from_handle<ggml_backend_device>(device);
        auto               list = proc_address<extra_bufts_t>(dev, "ggml_backend_dev_get_extra_bufts");
        int64_t            handles[16];
        int                n = 0;
        if (list != nullptr) {
            for (ggml_backend_buffer_type_t * type = list(dev); type != nullptr && *type != nullptr && n < 16; type++) {
                handles[n++] = to_handle(*type);
            }
        }
        return to_long_array(env, handles, n);
    });
}

WANLET_JNI(jbyteArray, bufferTypeName)(JNIEnv * env, jclass, jlong type) {
    return guarded<jbyteArray>(
        env, [&] { return to_bytes(env, ggml_backend_buft_name(from_handle<ggml_backend_buffer_type>(type))); });
}

// {alignment, largest buffer, is host memory}
WANLET_JNI(jlongArray, bufferTypeFacts)(JNIEnv * env, jclass, jlong type) {
    return guarded<jlongArray>(env, [&] {
        ggml_backend_buffer_type_t t       = from_handle<ggml_backend_buffer_type>(type);
        const size_t               max     = ggml_backend_buft_get_max_size(t);
        const int64_t              facts[] = {
            static_cast<int64_t>(ggml_backend_buft_get_alignment(t)),
            max > static_cast<size_t>(INT64_MAX) ? INT64_MAX : static_cast<int64_t>(max),
            ggml_backend_buft_is_host(t),
        };
        return to_long_array(env, facts, 3);
    });
}

WANLET_JNI(jlong, bufferTypeAllocSize)(JNIEnv * env, jclass, jlong type, jlong tensor) {
    return guarded<jlong>(env, [&] {
        return static_cast<jlong>(ggml_backend_buft_get_alloc_size(from_handle<ggml_backend_buffer_type>(type),
                                                                   from_handle<ggml_tensor>(tensor)));
    });
}

// 0 if the device has not that much memory.
WANLET_JNI(jlong, bufferNew)(JNIEnv * env, jclass, jlong type, jlong bytes) {
    return guarded<jlong>(env, [&]() -> jlong {
        try {
            return to_handle(ggml_backend_buft_alloc_buffer(from_handle<ggml_backend_buffer_type>(type),
                                                            static_cast<size_t>(bytes)));
        } catch (const native_error &) {
            throw;
        } catch (const std::exception &) {
            return 0;  // Vulkan reports a failed allocation by throwing
        }
    });
}

WANLET_JNI(void, bufferFree)(JNIEnv * env, jclass, jlong buffer) {
    guarded<int>(env, [&] {
        ggml_backend_buffer_free(from_handle<ggml_backend_buffer>(buffer));
        return 0;
    });
}

WANLET_JNI(jlong, bufferBase)(JNIEnv * env, jclass, jlong buffer) {
    return guarded<jlong>(env, [&] { return to_handle(ggml_backend_buffer_get_base(from_handle<ggml_backend_buffer>(buffer))); });
}

WANLET_JNI(void, bufferClear)(JNIEnv * env, jclass, jlong buffer, jint value) {
    guarded<int>(env, [&] {
        ggml_backend_buffer_clear(from_handle<ggml_backend_buffer>(buffer), static_cast<uint8_t>(value));
        return 0;
    });
}

WANLET_JNI(void, bufferMarkWeights)(JNIEnv * env, jclass, jlong buffer) {
    guarded<int>(env, [&] {
        ggml_backend_buffer_set_usage(from_handle<ggml_backend_buffer>(buffer), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
        return 0;
    });
}

// Places a tensor at an offset of a buffer.
WANLET_JNI(void, bufferPlace)(JNIEnv * env, jclass, jlong buffer, jlong tensor, jlong offset) {
    guarded<int>(env, [&] {
        ggml_backend_buffer_t b = from_handle<ggml_backend_buffer>(buffer);
        ggml_tensor *         t = from_handle<ggml_tensor>(tensor);
        if (t->data != nullptr || t->view_src != nullptr) {
            throw native_error(error_code::INVALID_ARGUMENT,
                               std::string("tensor ") + t->name + " is a view, or only pretended to have memory");
        }
        char * address = static_cast<char *>(ggml_backend_buffer_get_base(b)) + offset;
        if (ggml_backend_tensor_alloc(b, t, address) != GGML_STATUS_SUCCESS) {
            throw native_error(error_code::INTERNAL, std::string("tensor ") + t->name + " could not be placed");
        }
        // Filling a tensor that the repacking type has no kernel for would end the process.
        if (t->extra == nullptr && std::strcmp(ggml_backend_buffer_name(b), "CPU_REPACK") == 0) {
            throw native_error(error_code::INVALID_ARGUMENT,
                               std::string("tensor ") + t->name + " cannot be repacked: this processor has no kernel for " +
                                   ggml_type_name(t->type) + " of this shape; place it in the device's own buffer type");
        }
        return 0;
    });
}

WANLET_JNI(jobject, byteBuffer)(JNIEnv * env, jclass, jlong address, jlong bytes) {
    return guarded<jobject>(env, [&] { return env->NewDirectByteBuffer(from_handle<void>(address), bytes); });
}
