// SPDX-License-Identifier: Apache-2.0

#include "jni_support.h"

#include <cstring>

namespace wanlet {

namespace {

JavaVM *  vm             = nullptr;
jclass    ggml_exception = nullptr;  // dev.wanlet.ggml.NativeFailure
jmethodID make_exception = nullptr;  // static RuntimeException of(int code, byte[] utf8)

}  // namespace

JavaVM * java_vm() { return vm; }

void throw_java(JNIEnv * env, const char * class_name, const char * message) noexcept {
    if (env->ExceptionCheck()) {
        return;
    }
    jclass type = env->FindClass(class_name);
    if (type != nullptr) {
        env->ThrowNew(type, message);
        env->DeleteLocalRef(type);
    }
}

void throw_ggml_exception(JNIEnv * env, error_code code, const char * message) noexcept {
    if (env->ExceptionCheck()) {
        return;
    }
    const jsize length = static_cast<jsize>(std::strlen(message));
    jbyteArray  bytes  = env->NewByteArray(length);
    if (bytes == nullptr) {
        return;  // OutOfMemoryError is pending
    }
    env->SetByteArrayRegion(bytes, 0, length, reinterpret_cast<const jbyte *>(message));
    jobject exception =
        env->CallStaticObjectMethod(ggml_exception, make_exception, static_cast<jint>(code), bytes);
    if (exception != nullptr && !env->ExceptionCheck()) {
        env->Throw(static_cast<jthrowable>(exception));
    }
}

std::string to_string(JNIEnv * env, jbyteArray utf8) {
    if (utf8 == nullptr) {
        throw native_error(error_code::INVALID_ARGUMENT, "null string");
    }
    const jsize length = env->GetArrayLength(utf8);
    std::string text(static_cast<size_t>(length), '\0');
    env->GetByteArrayRegion(utf8, 0, length, reinterpret_cast<jbyte *>(&text[0]));
    if (env->ExceptionCheck()) {
        throw pending_java_exception();
    }
    return text;
}

jbyteArray to_bytes(JNIEnv * env, const char * utf8) {
    const jsize length = static_cast<jsize>(std::strlen(utf8));
    jbyteArray  bytes  = env->NewByteArray(length);
    if (bytes == nullptr) {
        throw pending_java_exception();
    }
    env->SetByteArrayRegion(bytes, 0, length, reinterpret_cast<const jbyte *>(utf8));
    return bytes;
}

jlongArray to_long_array(JNIEnv * env, const int64_t * values, int n) {
    jlongArray array = env->NewLongArray(n);
    if (array == nullptr) {
        throw pending_java_exception();
    }
    static_assert(sizeof(jlong) == sizeof(int64_t), "jlong is 64 bits");
    env->SetLongArrayRegion(array, 0, n, reinterpret_cast<const jlong *>(values));
    return array;
}

}  // namespace wanlet

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM * vm, void *) {
    JNIEnv * env = nullptr;
    if (vm->GetEnv(reinterpret_cast<void **>(&env), JNI_VERSION_1_8) != JNI_OK) {
        return JNI_ERR;
    }
    jclass local = env->FindClass("dev/wanlet/ggml/NativeFailure");
    if (local == nullptr) {
        return JNI_ERR;
    }
    wanlet::vm             = vm;
    wanlet::ggml_exception = static_cast<jclass>(env->NewGlobalRef(local));
    env->DeleteLocalRef(local);
    wanlet::make_exception =
        env->GetStaticMethodID(wanlet::ggml_exception, "of", "(I[B)Ljava/lang/RuntimeException;");
    return wanlet::make_exception != nullptr ? JNI_VERSION_1_8 : JNI_ERR;
}
