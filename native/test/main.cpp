// SPDX-License-Identifier: Apache-2.0
// Runs all cases, or those named as arguments. Exit status: 0 all passed, 1 a case failed, 2 no such case.

#include "test.h"

#include <cstdio>
#include <cstring>

namespace wanlet::test {

std::vector<test_case> & all_cases() {
    static std::vector<test_case> cases;  // a function's static: cases register before main
    return cases;
}

void fail(const char * file, int line, const std::string & message) {
    throw failure(std::string(file) + ":" + std::to_string(line) + ": " + message);
}

}  // namespace wanlet::test

static bool passes(const wanlet::test::test_case & test) {
    try {
        test.body();
        std::printf("ok      %s\n", test.name);
        return true;
    } catch (const std::exception & e) {
        std::printf("FAILED  %s\n        %s\n", test.name, e.what());
        return false;
    }
}

int main(int argc, char ** argv) {
    int run = 0;
    int failed = 0;
    for (const auto & test : wanlet::test::all_cases()) {
        bool wanted = argc == 1;
        for (int i = 1; i < argc; i++) {
            wanted = wanted || std::strcmp(argv[i], test.name) == 0;
        }
        if (wanted) {
            run++;
            failed += passes(test) ? 0 : 1;
        }
    }
    if (run == 0) {
        std::fprintf(stderr, "no such test case\n");
        return 2;
    }
    return failed == 0 ? 0 : 1;
}
