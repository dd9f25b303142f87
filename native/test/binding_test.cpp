// SPDX-License-Identifier: Apache-2.0
// The exported functions as Java calls them: results, and failures that must become exceptions.

#include "fake_jni.h"
#include "jni_support.h"
#include "test.h"

#include <ggml.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

WANLET_JNI(jbyteArray, ggmlTree)(JNIEnv *, jclass);
WANLET_JNI(jlong, quantizeRows)(JNIEnv *, jclass, jint, jlong, jlong, jlong, jlong, jlong);
WANLET_JNI(void, dequantize)(JNIEnv *, jclass, jint, jlong, jlong, jlong);
WANLET_JNI(void, narrow)(JNIEnv *, jclass, jint, jlong, jlong, jlong);
WANLET_JNI(jlongArray, typeFacts)(JNIEnv *, jclass, jint);
WANLET_JNI(void, arenaFree)(JNIEnv *, jclass, jlong);
extern "C" jlongArray JNICALL Java_dev_wanlet_ggml_internal_MappedFileJni_map(JNIEnv *, jclass, jbyteArray);
extern "C" void JNICALL Java_dev_wanlet_ggml_internal_MappedFileJni_unmap(JNIEnv *, jclass, jlong, jlong);
extern "C" void JNICALL Java_dev_wanlet_ggml_internal_MappedFileJni_advise(JNIEnv *, jclass, jlong, jlong, jint);

#define BINDING(name) Java_dev_wanlet_ggml_internal_GgmlJni_##name
#define MAPPED(name)  Java_dev_wanlet_ggml_internal_MappedFileJni_##name

using wanlet::error_code;
using wanlet::to_handle;
using wanlet::test::fake_jni;

namespace {

// A file in the working directory (the test's build folder), gone at the end of the case.
class temporary_file {
  public:
    temporary_file(const std::string & name, const std::string & content) : name_(name) {
        std::ofstream(std::filesystem::u8path(name_), std::ios::binary) << content;
    }
    ~temporary_file() { std::filesystem::remove(std::filesystem::u8path(name_)); }

    const std::string & name() const { return name_; }

  private:
    std::string name_;
};

std::vector<float> wave(size_t count) {
    std::vector<float> values(count);
    for (size_t i = 0; i < count; i++) {
        values[i] = std::sin(0.1f * static_cast<float>(i));
    }
    return values;
}

}  // namespace

TEST_CASE(library_names_the_ggml_it_was_built_with) {
    fake_jni jni;
    EXPECT_EQ(jni.text(BINDING(ggmlTree)(jni.env(), nullptr)).size(), size_t{ 40 });
}

TEST_CASE(quantised_rows_come_back_within_half_a_step) {
    fake_jni jni;
    constexpr int64_t rows    = 3;
    constexpr int64_t columns = 64;
    const auto source = wave(rows * columns);
    // Exactly as large as the format says, so that a sanitizer sees one byte too many.
    std::vector<uint8_t> packed(rows * ggml_row_size(GGML_TYPE_Q8_0, columns));
    const jlong written = BINDING(quantizeRows)(jni.env(), nullptr, GGML_TYPE_Q8_0, to_handle(source.data()),
                                                to_handle(packed.data()), rows, columns, 0);
    EXPECT_EQ(jni.take_exception(), std::string());
    EXPECT_EQ(static_cast<size_t>(written), packed.size());

    std::vector<float> restored(source.size());
    BINDING(dequantize)(jni.env(), nullptr, GGML_TYPE_Q8_0, to_handle(packed.data()), to_handle(restored.data()),
                        static_cast<jlong>(restored.size()));
    EXPECT_EQ(jni.take_exception(), std::string());
    // Values lie in [-1, 1], so a step is at most 1/127; its scale is itself rounded to F16 (2^-11 relative).
    for (size_t i = 0; i < source.size(); i++) {
        EXPECT_NEAR(restored[i], source[i], 0.5 / 127 + 1.0 / 2048);
    }
}

TEST_CASE(narrowing_to_half_keeps_representable_values) {
    fake_jni jni;
    const std::vector<float> source = { 0.0f, -1.0f, 0.5f, 2048.0f, 65504.0f };
    for (ggml_type type : { GGML_TYPE_F16, GGML_TYPE_BF16 }) {
        const size_t count = type == GGML_TYPE_F16 ? source.size() : source.size() - 1;  // 65504 is F16's own
        std::vector<uint16_t> half(count);
        std::vector<float>    restored(count);
        BINDING(narrow)(jni.env(), nullptr, type, to_handle(source.data()), to_handle(half.data()), static_cast<jlong>(count));
        BINDING(dequantize)(jni.env(), nullptr, type, to_handle(half.data()), to_handle(restored.data()),
                            static_cast<jlong>(count));
        EXPECT_EQ(jni.take_exception(), std::string());
        for (size_t i = 0; i < count; i++) {
            EXPECT_EQ(restored[i], source[i]);
        }
    }
}

TEST_CASE(narrowing_to_a_quantised_type_is_refused) {
    fake_jni jni;
    const float source = 1.0f;
    uint8_t     target[64];
    BINDING(narrow)(jni.env(), nullptr, GGML_TYPE_Q4_K, to_handle(&source), to_handle(target), 1);
    EXPECT_EQ(jni.take_exception(), std::string("4: narrowing is for F32, F16 and BF16"));
}

TEST_CASE(null_handle_is_an_exception) {
    fake_jni jni;
    BINDING(arenaFree)(jni.env(), nullptr, 0);
    EXPECT_EQ(jni.take_exception(), std::string("0: null native handle (object already closed?)"));
}

TEST_CASE(type_facts_of_q4_k) {
    fake_jni jni;
    jlongArray facts = BINDING(typeFacts)(jni.env(), nullptr, GGML_TYPE_Q4_K);
    EXPECT_EQ(jni.element(facts, 0), jlong{ 256 });
    EXPECT_EQ(jni.element(facts, 1), jlong{ 144 });
    EXPECT_EQ(jni.element(facts, 2), jlong{ 1 });
}

TEST_CASE(mapped_file_shows_its_bytes) {
    fake_jni jni;
    const std::string    content(10000, 'w');  // more than two pages, not a multiple of one
    const temporary_file file("mapped-\xC3\xA9.bin", content);  // a name outside ASCII
    jlongArray mapping = MAPPED(map)(jni.env(), nullptr, jni.bytes(file.name()));
    EXPECT_EQ(jni.take_exception(), std::string());
    const jlong address = jni.element(mapping, 0);
    const jlong length  = jni.element(mapping, 1);
    EXPECT_EQ(length, jlong{ 10000 });
    for (jint advice = 0; advice < 3; advice++) {
        MAPPED(advise)(jni.env(), nullptr, address + 1, length - 1, advice);
    }
    EXPECT_EQ(std::memcmp(reinterpret_cast<const void *>(static_cast<intptr_t>(address)), content.data(), content.size()), 0);
    MAPPED(unmap)(jni.env(), nullptr, address, length);
    EXPECT_EQ(jni.take_exception(), std::string());
}

TEST_CASE(missing_and_empty_files_are_exceptions) {
    fake_jni jni;
    EXPECT(MAPPED(map)(jni.env(), nullptr, jni.bytes("no-such-file.bin")) == nullptr);
    EXPECT_EQ(jni.take_exception().rfind("6: cannot open: ", 0), size_t{ 0 });
    const temporary_file empty("empty.bin", "");
    EXPECT(MAPPED(map)(jni.env(), nullptr, jni.bytes(empty.name())) == nullptr);
    EXPECT_EQ(jni.take_exception(), std::string("6: cannot map: the file is empty"));
}

namespace {

// As in the exceptions that Vulkan's C++ headers throw out of ggml's Vulkan backend.
struct vulkan_results : std::error_category {
    const char * name() const noexcept override { return "vk::Result"; }
    std::string  message(int) const override { return "Error"; }
};

}  // namespace

TEST_CASE(vulkan_failures_are_told_apart) {
    const vulkan_results category;
    const std::vector<std::pair<int, error_code>> meanings = { { -1, error_code::OUT_OF_MEMORY },
                                                               { -2, error_code::OUT_OF_MEMORY },
                                                               { -3, error_code::DEVICE_FAILED },
                                                               { -4, error_code::DEVICE_FAILED } };
    for (const auto & [result, code] : meanings) {
        EXPECT(wanlet::code_of(std::system_error(std::error_code(result, category), "vk::Queue::submit")) == code);
    }
    EXPECT(wanlet::code_of(std::system_error(std::make_error_code(std::errc::io_error))) == error_code::INTERNAL);
}
