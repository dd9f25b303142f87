// SPDX-License-Identifier: Apache-2.0
// Just enough of a Java VM to call the binding without one, so that it runs under the sanitizers. Functions the binding
// does not use are null: a new use shows up as a crash of the test, and is added here.
#pragma once

#include <jni.h>

#include <memory>
#include <string>
#include <vector>

namespace wanlet::test {

class fake_jni {
  public:
    // Runs the library's JNI_OnLoad. One instance at a time.
    fake_jni();
    fake_jni(const fake_jni &)             = delete;
    fake_jni & operator=(const fake_jni &) = delete;

    JNIEnv * env() { return &env_; }

    jbyteArray  bytes(const std::string & utf8);
    std::string text(jbyteArray array);
    jlong       element(jlongArray array, int index);

    // The pending exception as "<code>: <message>" for failures of ggml, "<class>: <message>" for others; empty when none is
    // pending. Clears it.
    std::string take_exception();

  private:
    struct object {
        std::string        text;  // a class's name, an exception's text
        std::vector<jbyte> bytes;
        std::vector<jlong> longs;
    };

    static fake_jni & of(JNIEnv * env);  // the one instance: a JNIEnv has no room for a pointer to it
    static object *   as_object(jobject reference) { return reinterpret_cast<object *>(reference); }
    jobject           add(object value);
    void              fill_table();

    JNIEnv                               env_{};
    JavaVM                               vm_{};
    JNINativeInterface_                  table_{};
    JNIInvokeInterface_                  vm_table_{};
    std::vector<std::unique_ptr<object>> objects_;
    object *                             pending_ = nullptr;
};

}  // namespace wanlet::test
