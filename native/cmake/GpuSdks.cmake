# SPDX-License-Identifier: Apache-2.0
# What the GPU backends need at build time. Each function stops with what is missing and how to get it, or sets `version`
# to a text that changes when the tools do.

function(wanlet_require_vulkan version)
  set(missing "")
  find_program(WANLET_GLSLC glslc HINTS "$ENV{VULKAN_SDK}/bin")
  if(NOT WANLET_GLSLC)
    list(APPEND missing "the shader compiler glslc")
  endif()
  find_package(Vulkan QUIET)
  if(NOT Vulkan_FOUND)
    list(APPEND missing "the Vulkan headers and loader")
  endif()
  list(APPEND CMAKE_PREFIX_PATH "$ENV{VULKAN_SDK}")
  find_package(SPIRV-Headers CONFIG QUIET)
  if(NOT SPIRV-Headers_FOUND)
    list(APPEND missing "SPIRV-Headers")
  endif()
  if(missing)
    list(JOIN missing ", " missing)
    message(FATAL_ERROR "The Vulkan backend needs ${missing}.\n"
      "Debian, Ubuntu: apt-get install glslc libvulkan-dev spirv-headers\n"
      "Fedora: dnf install glslc vulkan-headers vulkan-loader-devel spirv-headers-devel\n"
      "Windows, macOS: the LunarG Vulkan SDK, with VULKAN_SDK set.")
  endif()
  execute_process(COMMAND "${WANLET_GLSLC}" --version OUTPUT_VARIABLE text OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(SHA256 text "${text}")
  set(${version} "vulkan ${Vulkan_VERSION} ${text}" PARENT_SCOPE)
endfunction()

function(wanlet_require_cuda version)
  find_program(WANLET_NVCC nvcc HINTS "$ENV{CUDA_PATH}/bin" "$ENV{CUDA_HOME}/bin" /usr/local/cuda/bin)
  if(NOT WANLET_NVCC)
    message(FATAL_ERROR "The CUDA backend needs nvcc (CUDA toolkit 11.8 or newer, with cuBLAS).\n"
      "Install NVIDIA's toolkit, or Debian's package: apt-get install nvidia-cuda-toolkit\n"
      "If it is installed elsewhere, set CUDA_PATH to its folder.")
  endif()
  execute_process(COMMAND "${WANLET_NVCC}" --version OUTPUT_VARIABLE text OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(SHA256 text "${text}")
  set(${version} "cuda ${text}" PARENT_SCOPE)
endfunction()
