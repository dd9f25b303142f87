// SPDX-License-Identifier: Apache-2.0
//
// Everything the JNI sources share. guarded() is the only place where a C++ failure becomes a Java exception; no
// exception and no C++ type crosses the boundary.

#pragma once

#include <jni.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace wanlet {

// Ordinals of dev.wanlet.ggml.ErrorCode.
enum class error_code : int {
    INVALID_ARGUMENT = 0,
    DEVICE_NOT_FOUND = 1,
    OUT_OF_MEMORY    = 2,
    ABORTED          = 3,
    UNSUPPORTED      = 4,
    DEVICE_FAILED    = 5,
    IO               = 6,
    INTERNAL         = 7,
};

// Ordinals of GgmlJni.BINARY_*.
enum class binary_op : jint { ADD, SUB, MUL, DIV };

// What will happen to a mapped range: the numbers of MappedFileJni.
enum class advice : jint { SEQUENTIAL, WILL_NEED, DONT_NEED };

struct native_error : std::runtime_error {
    native_error(error_code code, const std::string & message) : std::runtime_error(message), code(code) {}

    error_code code;
};

// Thrown after a JNI call left a Java exception pending: unwind, and let that one through.
struct pending_java_exception {};

JavaVM * java_vm();

void throw_ggml_exception(JNIEnv * env, error_code code, const char * message) noexcept;
void throw_java(JNIEnv * env, const char * class_name, const char * message) noexcept;

// What a failed Vulkan call means; ggml's Vulkan backend lets the exceptions of Vulkan's C++ headers through. Any other
// system error is INTERNAL.
inline error_code code_of(const std::system_error & e) noexcept {
    if (std::strcmp(e.code().category().name(), "vk::Result") != 0) {
        return error_code::INTERNAL;
    }
    // VK_ERROR_OUT_OF_HOST_MEMORY and VK_ERROR_OUT_OF_DEVICE_MEMORY, as fixed by Vulkan's ABI.
    const int result = e.code().value();
    return result == -1 || result == -2 ? error_code::OUT_OF_MEMORY : error_code::DEVICE_FAILED;
}

// Copies UTF-8 bytes; null is an error.
std::string to_string(JNIEnv * env, jbyteArray utf8);
jbyteArray  to_bytes(JNIEnv * env, const char * utf8);
jlongArray  to_long_array(JNIEnv * env, const int64_t * values, int n);

template <class T> T * from_handle(jlong handle) {
    if (handle == 0) {
        throw native_error(error_code::INVALID_ARGUMENT, "null native handle (object already closed?)");
    }
    return reinterpret_cast<T *>(static_cast<intptr_t>(handle));
}

template <class T> T * from_handle_or_null(jlong handle) { return reinterpret_cast<T *>(static_cast<intptr_t>(handle)); }

inline jlong to_handle(const void * pointer) { return static_cast<jlong>(reinterpret_cast<intptr_t>(pointer)); }

template <class R, class F> R guarded(JNIEnv * env, F && body) noexcept {
    try {
        return std::forward<F>(body)();
    } catch (const pending_java_exception &) {
        // already raised by a JNI call
    } catch (const native_error & e) {
        throw_ggml_exception(env, e.code, e.what());
    } catch (const std::bad_alloc &) {
        throw_java(env, "java/lang/OutOfMemoryError", "native heap exhausted");
    } catch (const std::system_error & e) {
        throw_ggml_exception(env, code_of(e), e.what());
    } catch (const std::exception & e) {
        throw_ggml_exception(env, error_code::INTERNAL, e.what());
    } catch (...) {
        throw_ggml_exception(env, error_code::INTERNAL, "unknown C++ exception");
    }
    return R();
}

// Holds a primitive array while native code reads or writes it. Between acquire and release no other JNI call is made
// and nothing blocks; only plain copies happen in that window.
class critical_array {
  public:
    critical_array(JNIEnv * env, jarray array, jint release_mode) : env_(env), array_(array), mode_(release_mode) {
        data_ = env->GetPrimitiveArrayCritical(array, nullptr);
        if (data_ == nullptr) {
            throw std::bad_alloc();
        }
    }
    ~critical_array() { env_->ReleasePrimitiveArrayCritical(array_, data_, mode_); }

    critical_array(const critical_array &)             = delete;
    critical_array & operator=(const critical_array &) = delete;

    template <class T> T * as() { return static_cast<T *>(data_); }

  private:
    JNIEnv * env_;
    jarray   array_;
    jint     mode_;
    void *   data_;
};

}  // namespace wanlet

#define WANLET_JNI(ret, name) extern "C" JNIEXPORT ret JNICALL Java_dev_wanlet_ggml_internal_GgmlJni_##name
