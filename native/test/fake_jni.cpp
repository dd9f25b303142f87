// SPDX-License-Identifier: Apache-2.0

#include "fake_jni.h"

#include "test.h"

#include <algorithm>
#include <cstdarg>

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM * vm, void *);

namespace wanlet::test {

namespace {
fake_jni * current = nullptr;
}

fake_jni::fake_jni() {
    current = this;
    fill_table();
    env_.functions      = &table_;
    vm_table_.GetEnv    = [](JavaVM *, void ** env, jint) -> jint {
        *env = current->env();
        return JNI_OK;
    };
    vm_.functions = &vm_table_;
    EXPECT_EQ(JNI_OnLoad(&vm_, nullptr), JNI_VERSION_1_8);
}

fake_jni & fake_jni::of(JNIEnv *) { return *current; }

jobject fake_jni::add(object value) {
    objects_.push_back(std::make_unique<object>(std::move(value)));
    return reinterpret_cast<jobject>(objects_.back().get());
}

jbyteArray fake_jni::bytes(const std::string & utf8) {
    return static_cast<jbyteArray>(add({ "", std::vector<jbyte>(utf8.begin(), utf8.end()), {} }));
}

std::string fake_jni::text(jbyteArray array) {
    EXPECT(array != nullptr);
    const auto & bytes = as_object(array)->bytes;
    return std::string(bytes.begin(), bytes.end());
}

jlong fake_jni::element(jlongArray array, int index) {
    EXPECT(array != nullptr);
    return as_object(array)->longs.at(static_cast<size_t>(index));
}

std::string fake_jni::take_exception() {
    const std::string text = pending_ == nullptr ? "" : pending_->text;
    pending_ = nullptr;
    return text;
}

void fake_jni::fill_table() {
    table_.FindClass       = [](JNIEnv * e, const char * name) { return static_cast<jclass>(of(e).add({ name, {}, {} })); };
    table_.NewGlobalRef    = [](JNIEnv *, jobject reference) { return reference; };
    table_.DeleteLocalRef  = [](JNIEnv *, jobject) {};
    table_.ExceptionCheck  = [](JNIEnv * e) -> jboolean { return of(e).pending_ != nullptr; };
    table_.GetStaticMethodID = [](JNIEnv * e, jclass, const char * name, const char *) {
        return reinterpret_cast<jmethodID>(of(e).add({ name, {}, {} }));
    };
    // The only static method the binding calls for an object: NativeFailure.of(code, utf8).
    table_.CallStaticObjectMethodV = [](JNIEnv * e, jclass, jmethodID, va_list arguments) {
        const int code = va_arg(arguments, jint);
        jobject   utf8 = va_arg(arguments, jobject);
        return of(e).add({ std::to_string(code) + ": " + of(e).text(static_cast<jbyteArray>(utf8)), {}, {} });
    };
    table_.Throw = [](JNIEnv * e, jthrowable exception) -> jint {
        of(e).pending_ = as_object(exception);
        return 0;
    };
    table_.ThrowNew = [](JNIEnv * e, jclass type, const char * message) -> jint {
        of(e).pending_ = as_object(of(e).add({ as_object(type)->text + ": " + message, {}, {} }));
        return 0;
    };

    table_.GetArrayLength = [](JNIEnv *, jarray array) -> jsize {
        return static_cast<jsize>(as_object(array)->bytes.size() + as_object(array)->longs.size());
    };
    table_.NewByteArray = [](JNIEnv * e, jsize n) {
        return static_cast<jbyteArray>(of(e).add({ "", std::vector<jbyte>(static_cast<size_t>(n)), {} }));
    };
    table_.NewLongArray = [](JNIEnv * e, jsize n) {
        return static_cast<jlongArray>(of(e).add({ "", {}, std::vector<jlong>(static_cast<size_t>(n)) }));
    };
    table_.GetByteArrayRegion = [](JNIEnv *, jbyteArray array, jsize start, jsize n, jbyte * to) {
        std::copy_n(as_object(array)->bytes.begin() + start, n, to);
    };
    table_.SetByteArrayRegion = [](JNIEnv *, jbyteArray array, jsize start, jsize n, const jbyte * from) {
        std::copy_n(from, n, as_object(array)->bytes.begin() + start);
    };
    table_.SetLongArrayRegion = [](JNIEnv *, jlongArray array, jsize start, jsize n, const jlong * from) {
        std::copy_n(from, n, as_object(array)->longs.begin() + start);
    };
}

}  // namespace wanlet::test
