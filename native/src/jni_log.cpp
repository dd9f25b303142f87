// SPDX-License-Identifier: Apache-2.0
//
// ggml's log and abort callbacks. Log lines go to Java's logger. The abort callback only prints: ggml calls it from any
// thread, with workers waiting at a barrier, and ends the process afterwards.

#include "ggml.h"
#include "jni_support.h"

#include <cstdio>
#include <cstdlib>

namespace {

jclass    log_class  = nullptr;
jmethodID log_method = nullptr;

void forward_log(ggml_log_level level, const char * text, void *) {
    JavaVM * vm = wanlet::java_vm();
    if (vm == nullptr || log_class == nullptr) {
        return;
    }
    JNIEnv * env      = nullptr;
    bool     attached = false;
    if (vm->GetEnv(reinterpret_cast<void **>(&env), JNI_VERSION_1_8) == JNI_EDETACHED) {
        if (vm->AttachCurrentThreadAsDaemon(reinterpret_cast<void **>(&env), nullptr) != JNI_OK) {
            return;
        }
        attached = true;
    }
    // A call into Java with an exception pending is undefined; drop the line instead.
    if (!env->ExceptionCheck()) {
        try {
            jbyteArray bytes = wanlet::to_bytes(env, text);
            env->CallStaticVoidMethod(log_class, log_method, static_cast<jint>(level), bytes);
            env->DeleteLocalRef(bytes);
        } catch (...) {
            // out of memory: the line is lost
        }
        env->ExceptionClear();
    }
    if (attached) {
        vm->DetachCurrentThread();
    }
}

void print_abort(const char * message) {
    std::fprintf(stderr, "wanlet: ggml stopped the process: %s\nThis is a bug in wanlet; please report this line.\n",
                 message);
    std::fflush(stderr);
}

}  // namespace

WANLET_JNI(void, installLogBridge)(JNIEnv * env, jclass, jclass sink) {
    wanlet::guarded<int>(env, [&] {
        log_method = env->GetStaticMethodID(sink, "log", "(I[B)V");
        if (log_method == nullptr) {
            throw wanlet::pending_java_exception();
        }
        log_class = static_cast<jclass>(env->NewGlobalRef(sink));
        ggml_log_set(forward_log, nullptr);
        ggml_set_abort_callback(print_abort);
        return 0;
    });
}

WANLET_JNI(void, setEnvironment)(JNIEnv * env, jclass, jbyteArray name, jbyteArray value) {
    wanlet::guarded<int>(env, [&] {
        const std::string key  = wanlet::to_string(env, name);
        const std::string text = wanlet::to_string(env, value);
#ifdef _WIN32
        _putenv_s(key.c_str(), text.c_str());
#else
        setenv(key.c_str(), text.c_str(), 1);
#endif
        return 0;
    });
}
