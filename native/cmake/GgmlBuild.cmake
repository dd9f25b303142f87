# SPDX-License-Identifier: Apache-2.0
# Building ggml once per user: the result is kept in the cache, keyed by everything that shapes it.
include("${CMAKE_CURRENT_LIST_DIR}/GgmlSource.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/CpuFeatures.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/GpuSdks.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/GgmlPatches.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/ReadyBackends.cmake")

# The project that builds ggml.
set(WANLET_GGML_PROJECT "${CMAKE_CURRENT_LIST_DIR}/../ggml-build")

# Whether the CPU backend's threads meet at libgomp's barrier, which sleeps after a spin as short as we ask for
# (native/src/waiting.cpp). Every other runtime either spins for long (libomp, MSVC's) or would have to be shipped: there
# ggml's own barrier is built with a correction that makes it sleep (GgmlPatches.cmake). -DWANLET_OPENMP=OFF forces that one.
function(wanlet_use_gnu_openmp result)
  set(use OFF)
  if(WANLET_OPENMP AND CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
    find_package(OpenMP QUIET COMPONENTS C CXX)
    if(OpenMP_FOUND)
      set(use ON)
    endif()
  endif()
  set(${result} "${use}" PARENT_SCOPE)
endfunction()

# Sets `result` to ggml's configure options for WANLET_CPU and WANLET_BACKENDS, and `tools` to the versions of the
# extra compilers they use.
function(wanlet_ggml_options result tools)
  set(options
    -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON -DGGML_BACKEND_DL=ON -DGGML_NATIVE=OFF
    -DGGML_LLAMAFILE=ON -DGGML_CCACHE=OFF -DGGML_ALL_WARNINGS=OFF -DGGML_BUILD_TESTS=OFF -DGGML_BUILD_EXAMPLES=OFF)
  set(versions "")

  if(WANLET_SANITIZE_GGML)
    list(APPEND options -DGGML_SANITIZE_ADDRESS=ON -DGGML_SANITIZE_UNDEFINED=ON)
  endif()

  wanlet_use_gnu_openmp(gnu_openmp)
  if(gnu_openmp)
    list(APPEND options -DGGML_OPENMP=ON)
  else()
    list(APPEND options -DGGML_OPENMP=OFF)
    file(SHA256 "${WANLET_GGML_PATCHES}" patches)
    list(APPEND versions "${patches}")
  endif()

  if(NOT WANLET_CPU MATCHES "^(native|avx2|all)$")
    message(FATAL_ERROR "WANLET_CPU=${WANLET_CPU}: expected 'native' (this machine only), 'avx2' (x86-64 since about 2015) or "
      "'all' (every variant).")
  endif()
  set(cpu "")
  if(WANLET_CPU STREQUAL "native")
    wanlet_native_cpu_options(cpu)
  elseif(WANLET_CPU STREQUAL "avx2")
    set(cpu -DGGML_SSE42=ON -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON)
  endif()
  if(cpu)
    list(APPEND options ${cpu})
  else()
    list(APPEND options -DGGML_CPU_ALL_VARIANTS=ON)
  endif()

  string(REPLACE "," ";" backends "${WANLET_BACKENDS}")
  string(REPLACE "," ";" ready "${WANLET_READY_BACKENDS}")
  list(REMOVE_ITEM backends ${ready})
  foreach(backend IN LISTS backends)
    if(backend STREQUAL "vulkan")
      wanlet_require_vulkan(version)
      list(APPEND options -DGGML_VULKAN=ON)
      file(SHA256 "${WANLET_GGML_PATCHES}" patches)
      list(APPEND versions "${version}" "${patches}")
    elseif(backend STREQUAL "cuda")
      wanlet_require_cuda(version)
      list(APPEND options -DGGML_CUDA=ON "-DCMAKE_CUDA_COMPILER=${WANLET_NVCC}")
      if(WANLET_CUDA_ARCHITECTURES)
        # Escaped twice: the list passes through the cache key's list and execute_process.
        string(REPLACE ";" "\\;" architectures "${WANLET_CUDA_ARCHITECTURES}")
        list(APPEND options "-DCMAKE_CUDA_ARCHITECTURES=${architectures}")
      endif()
      list(APPEND versions "${version}")
    elseif(NOT backend STREQUAL "cpu")
      message(FATAL_ERROR "WANLET_BACKENDS=${WANLET_BACKENDS}: '${backend}' is not one of cpu, vulkan, cuda.")
    endif()
  endforeach()
  set(${result} "${options}" PARENT_SCOPE)
  set(${tools} "${versions}" PARENT_SCOPE)
endfunction()

# Configures, builds and collects ggml into `dest`, which appears only when complete.
function(wanlet_build_ggml source options dest)
  string(RANDOM LENGTH 8 suffix)
  set(temp "${dest}.tmp-${suffix}")
  file(MAKE_DIRECTORY "${temp}/out/lib" "${temp}/out/include")
  wanlet_corrected_ggml("${source}" "${temp}" "${options}" source)

  set(generator "")
  find_program(WANLET_NINJA NAMES ninja ninja-build)
  mark_as_advanced(WANLET_NINJA)
  if(WANLET_NINJA)
    set(generator -G Ninja "-DCMAKE_MAKE_PROGRAM=${WANLET_NINJA}")
  else()
    set(generator -G "${CMAKE_GENERATOR}")
    if(CMAKE_GENERATOR_PLATFORM)
      list(APPEND generator -A "${CMAKE_GENERATOR_PLATFORM}")
    endif()
  endif()

  message(STATUS "Building ggml, once per user and machine type, into ${dest}")
  # Git must not look above the sources: their folder may lie inside some other repository.
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env "GIT_CEILING_DIRECTORIES=${source}/.."
      "${CMAKE_COMMAND}" ${generator} -S "${WANLET_GGML_PROJECT}" -B "${temp}/build"
      "-DCMAKE_C_COMPILER=${CMAKE_C_COMPILER}" "-DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}"
      "-DWANLET_GGML_DIR=${source}" ${options}
    RESULT_VARIABLE failed)
  if(NOT failed)
    set(parallel "")
    if("$ENV{CMAKE_BUILD_PARALLEL_LEVEL}" STREQUAL "")
      cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
      set(parallel --parallel ${cores})
    endif()
    execute_process(COMMAND "${CMAKE_COMMAND}" --build "${temp}/build" --config Release ${parallel}
      RESULT_VARIABLE failed)
  endif()
  if(failed)
    file(REMOVE_RECURSE "${temp}")
    message(FATAL_ERROR "Building ggml failed (see the compiler's messages above). Options: ${options}")
  endif()

  file(GLOB_RECURSE libraries
    "${temp}/build/bin/*${CMAKE_SHARED_LIBRARY_SUFFIX}" "${temp}/build/bin/*${CMAKE_SHARED_MODULE_SUFFIX}")
  list(REMOVE_DUPLICATES libraries)
  file(GLOB_RECURSE import_libraries "${temp}/build/implib/*.lib" "${temp}/build/implib/*.dll.a")
  file(GLOB headers "${source}/include/*.h")
  file(COPY ${libraries} DESTINATION "${temp}/out/lib")
  file(COPY ${import_libraries} DESTINATION "${temp}/out/implib")
  file(COPY ${headers} DESTINATION "${temp}/out/include")
  string(REPLACE ";" "\n" listing "${options}")
  file(WRITE "${temp}/out/options.txt" "${listing}\n")
  file(RENAME "${temp}/out" "${dest}")
  file(REMOVE_RECURSE "${temp}")
endfunction()

# Makes ggml available: sets WANLET_GGML_KEY (what shaped the build, hashed) and WANLET_GGML_DIR (its lib/ and include/) in
# the caller, building it under a lock when the cache has no such build.
function(wanlet_ggml)
  wanlet_user_cache(cache)
  wanlet_ggml_options(options tools)
  file(SHA256 "${WANLET_GGML_PROJECT}/CMakeLists.txt" project_hash)
  string(SHA256 key "${WANLET_GGML_TREE}|${options}|${tools}|${project_hash}|${CMAKE_SYSTEM_NAME}|${CMAKE_SYSTEM_PROCESSOR}|\
${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}|${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
  string(SUBSTRING "${key}" 0 16 key)

  set(dir "${cache}/ggml/${WANLET_GGML_TREE}/build-${key}")
  if(NOT EXISTS "${dir}")
    file(MAKE_DIRECTORY "${cache}/ggml/${WANLET_GGML_TREE}")
    wanlet_lock("${dir}.lock" "building ggml")
    if(NOT EXISTS "${dir}")
      wanlet_ggml_source("${cache}" source)
      wanlet_build_ggml("${source}" "${options}" "${dir}")
    endif()
  elseif(WANLET_GGML_SOURCE)
    wanlet_ggml_source("${cache}" source) # a wrong folder is an error even when it is not needed
  endif()
  set(WANLET_GGML_KEY "${key}" PARENT_SCOPE)
  set(WANLET_GGML_DIR "${dir}" PARENT_SCOPE)
  set(WANLET_GGML_OPTIONS "${options}" PARENT_SCOPE)
endfunction()
