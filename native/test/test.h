// SPDX-License-Identifier: Apache-2.0
// A small test harness: cases register themselves, a failed expectation ends its case with place and values.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace wanlet::test {

struct test_case {
    const char * name;
    void (*body)();
};

// All cases of this executable, in registration order.
std::vector<test_case> & all_cases();

struct registration {
    registration(const char * name, void (*body)()) { all_cases().push_back({ name, body }); }
};

struct failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

[[noreturn]] void fail(const char * file, int line, const std::string & message);

}  // namespace wanlet::test

// At the start of a line, so that the build can list the cases.
#define TEST_CASE(name)                                                               \
    static void test_##name();                                                        \
    static const wanlet::test::registration registration_##name(#name, test_##name); \
    static void test_##name()

#define EXPECT(condition)                                                       \
    do {                                                                        \
        if (!(condition)) {                                                     \
            wanlet::test::fail(__FILE__, __LINE__, "expected " #condition);     \
        }                                                                       \
    } while (false)

#define EXPECT_EQ(actual, expected)                                                         \
    do {                                                                                    \
        const auto & actual_value   = (actual);                                             \
        const auto & expected_value = (expected);                                           \
        if (!(actual_value == expected_value)) {                                            \
            std::ostringstream text;                                                        \
            text << #actual " is " << actual_value << ", expected " << expected_value;      \
            wanlet::test::fail(__FILE__, __LINE__, text.str());                             \
        }                                                                                   \
    } while (false)

#define EXPECT_NEAR(actual, expected, tolerance)                                            \
    do {                                                                                    \
        const double actual_value   = (actual);                                             \
        const double expected_value = (expected);                                           \
        const double difference     = actual_value - expected_value;                        \
        if (!(difference <= (tolerance) && -difference <= (tolerance))) { /* NaN fails */   \
            std::ostringstream text;                                                        \
            text << #actual " is " << actual_value << ", expected " << expected_value       \
                 << " within " << (tolerance);                                              \
            wanlet::test::fail(__FILE__, __LINE__, text.str());                             \
        }                                                                                   \
    } while (false)
