# SPDX-License-Identifier: Apache-2.0
# Which ggml Wanlet is written against. ggml 0.25.1, as in llama.cpp's release v0.5.0.

# Git tree hash of llama.cpp's ggml/ folder: every way of getting the sources is checked against it.
# -DWANLET_GGML_TREE=<hash> together with -DWANLET_GGML_SOURCE=<dir> builds another ggml on purpose.
if(NOT WANLET_GGML_TREE)
  set(WANLET_GGML_TREE 4a1fc5de35bd6af12f303c0701ea0bc7ec1e1c77)
endif()

# A npm package whose tarball holds a git bundle of that llama.cpp release: the fast, registry-cached way.
set(WANLET_GGML_NPM_PACKAGE node-llama-cpp@3.22.1)
set(WANLET_GGML_NPM_BUNDLE llama/gitRelease.bundle)

set(WANLET_GGML_GIT_URL https://github.com/ggml-org/llama.cpp)
set(WANLET_GGML_GIT_TAG v0.5.0)

# GPU backends of the same ggml, ready-made for Linux on x86-64, in npm packages of the same release; and the hash of the
# one file that is taken from each. They work with no other ggml.
set(WANLET_READY_TREE 4a1fc5de35bd6af12f303c0701ea0bc7ec1e1c77)
set(WANLET_READY_NPM_vulkan @node-llama-cpp/linux-x64-vulkan@3.22.1)
set(WANLET_READY_SHA256_vulkan 5dbbe80b520118b6b71f3ea31935ba107cee9c9c68f7e7ed18b20cdb424e819b)
set(WANLET_READY_NPM_cuda @node-llama-cpp/linux-x64-cuda@3.22.1)
set(WANLET_READY_SHA256_cuda f00882ca593ddf380778f5ac835690bcdaad951cd4700829c7a03aa0c32bcf47)
