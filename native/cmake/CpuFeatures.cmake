# SPDX-License-Identifier: Apache-2.0
# ggml's GGML_NATIVE excludes dynamic backends, so the development build asks the compiler what this CPU has and
# switches on exactly those instruction sets.

# Sets `result` to the -DGGML_... options for one CPU variant that fits this machine. Empty when the compiler cannot
# tell (MSVC): the caller then builds all variants and ggml picks one at run time.
function(wanlet_native_cpu_options result)
  set(macros "")
  if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang" AND NOT MSVC)
    file(WRITE "${CMAKE_BINARY_DIR}/cpu-features.c" "")
    foreach(flag -march=native -mcpu=native)
      execute_process(COMMAND "${CMAKE_C_COMPILER}" ${flag} -dM -E "${CMAKE_BINARY_DIR}/cpu-features.c"
        RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_QUIET)
      if(NOT failed)
        set(macros "${output}")
        break()
      endif()
    endforeach()
  endif()

  set(options "")
  if(macros MATCHES "__x86_64__ 1")
    # ggml option = the macro the compiler defines for it. AVX512 in ggml means F, CD, VL, DQ and BW together.
    foreach(pair
        SSE42=__SSE4_2__ AVX=__AVX__ AVX2=__AVX2__ FMA=__FMA__ F16C=__F16C__ BMI2=__BMI2__
        AVX_VNNI=__AVXVNNI__ AVX512=__AVX512BW__ AVX512_VBMI=__AVX512VBMI__ AVX512_VNNI=__AVX512VNNI__
        AVX512_BF16=__AVX512BF16__ AMX_TILE=__AMX_TILE__ AMX_INT8=__AMX_INT8__ AMX_BF16=__AMX_BF16__)
      string(REGEX MATCH "^([^=]+)=(.+)$" _ "${pair}")
      set(name "${CMAKE_MATCH_1}")
      if(macros MATCHES "#define ${CMAKE_MATCH_2} 1")
        list(APPEND options -DGGML_${name}=ON)
      else()
        list(APPEND options -DGGML_${name}=OFF)
      endif()
    endforeach()
  elseif(macros MATCHES "__aarch64__ 1")
    set(arch armv8-a)
    if(macros MATCHES "__ARM_FEATURE_DOTPROD 1")
      set(arch armv8.2-a+dotprod)
    endif()
    foreach(pair
        fp16=__ARM_FEATURE_FP16_VECTOR_ARITHMETIC i8mm=__ARM_FEATURE_MATMUL_INT8
        sve=__ARM_FEATURE_SVE sve2=__ARM_FEATURE_SVE2)
      string(REGEX MATCH "^([^=]+)=(.+)$" _ "${pair}")
      set(name "${CMAKE_MATCH_1}")
      if(macros MATCHES "#define ${CMAKE_MATCH_2} 1")
        string(APPEND arch "+${name}")
      endif()
    endforeach()
    list(APPEND options -DGGML_CPU_ARM_ARCH=${arch})
  endif()
  set(${result} "${options}" PARENT_SCOPE)
endfunction()
