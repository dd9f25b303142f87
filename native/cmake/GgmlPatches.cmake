# SPDX-License-Identifier: Apache-2.0
# Corrections of the pinned ggml. The checked sources stay as they are; a corrected copy is built.

# Part of the cache key of what they concern.
set(WANLET_GGML_PATCHES "${CMAKE_CURRENT_LIST_FILE}")

# Replaces one piece of text in a file; it must be there, so that a newer ggml cannot drop a correction unnoticed.
function(wanlet_replace file old new)
  file(READ "${file}" text)
  string(FIND "${text}" "${old}" position)
  if(position EQUAL -1)
    message(FATAL_ERROR "Cannot correct ${file}: it does not hold\n${old}\n"
      "ggml changed; see whether native/cmake/GgmlPatches.cmake still needs this.")
  endif()
  string(REPLACE "${old}" "${new}" text "${text}")
  file(WRITE "${file}" "${text}")
endfunction()

# Sets `result` to the folder to build: `source`, or a corrected copy under `temp` when something needs correcting.
function(wanlet_corrected_ggml source temp options result)
  set(${result} "${source}" PARENT_SCOPE)
  set(corrections "")
  if(-DGGML_OPENMP=OFF IN_LIST options)
    list(APPEND corrections sleeping_barrier)
  endif()
  if(-DGGML_VULKAN=ON IN_LIST options)
    wanlet_vulkan_corrections("${source}" vulkan)
    list(APPEND corrections ${vulkan})
  endif()
  if(NOT corrections)
    return()
  endif()

  file(COPY "${source}/" DESTINATION "${temp}/ggml")
  if(sleeping_barrier IN_LIST corrections)
    wanlet_let_barrier_sleep("${temp}/ggml/src/ggml-cpu")
  endif()
  if(xe_decoding IN_LIST corrections)
    message(STATUS "This glslc has no cooperative matrices: building ggml's Vulkan backend without them")
    wanlet_leave_out_xe_decoding("${temp}/ggml/src/ggml-vulkan")
  endif()
  if(layer_settings IN_LIST corrections)
    wanlet_leave_out_layer_settings("${temp}/ggml/src/ggml-vulkan")
  endif()
  set(${result} "${temp}/ggml" PARENT_SCOPE)
endfunction()

# Sets `result` to the corrections that the Vulkan backend needs with tools as old as those of Debian 12 and Ubuntu 22.04.
function(wanlet_vulkan_corrections source result)
  set(needed "")
  execute_process(
    COMMAND "${WANLET_GLSLC}" -o - -fshader-stage=compute --target-env=vulkan1.3
      "${source}/src/ggml-vulkan/vulkan-shaders/feature-tests/coopmat.comp"
    OUTPUT_QUIET ERROR_VARIABLE glslc_errors)
  if(glslc_errors MATCHES "extension not supported: GL_KHR_cooperative_matrix")
    list(APPEND needed xe_decoding)
  endif()
  file(STRINGS "${Vulkan_INCLUDE_DIR}/vulkan/vulkan_core.h" declared REGEX "define VK_EXT_layer_settings " LIMIT_COUNT 1)
  if(NOT declared)
    list(APPEND needed layer_settings)
  endif()
  set(${result} "${needed}" PARENT_SCOPE)
endfunction()

# ggml's own barrier spins until the last thread comes. Beside another busy program that thread may not run for
# milliseconds, and every operation then costs a time slice. A waiting thread here spins for some microseconds and sleeps
# after that. The feature tells a program that loads the backend that its barrier sleeps.
function(wanlet_let_barrier_sleep cpu)
  wanlet_replace("${cpu}/ggml-cpu.c"
    "        // exit barrier (full seq-cst fence)
        atomic_fetch_add_explicit(&tp->n_barrier_passed, 1, memory_order_seq_cst);
        return;"
    "        // Under the mutex: a thread that is about to sleep sees the change or is woken.
        ggml_mutex_lock(&tp->mutex);
        atomic_fetch_add_explicit(&tp->n_barrier_passed, 1, memory_order_seq_cst);
        ggml_cond_broadcast(&tp->cond);
        ggml_mutex_unlock(&tp->mutex);
        return;")
  wanlet_replace("${cpu}/ggml-cpu.c"
    "    while (atomic_load_explicit(&tp->n_barrier_passed, memory_order_relaxed) == n_passed) {
        ggml_thread_cpu_relax();
    }"
    "    for (int i = 0; i < 2000 && atomic_load_explicit(&tp->n_barrier_passed, memory_order_relaxed) == n_passed; i++) {
        ggml_thread_cpu_relax();
    }
    if (atomic_load_explicit(&tp->n_barrier_passed, memory_order_relaxed) == n_passed) {
        ggml_mutex_lock_shared(&tp->mutex);
        while (atomic_load_explicit(&tp->n_barrier_passed, memory_order_relaxed) == n_passed) {
            ggml_cond_wait(&tp->cond, &tp->mutex);
        }
        ggml_mutex_unlock_shared(&tp->mutex);
    }")
  wanlet_replace("${cpu}/ggml-cpu.cpp" "    #ifdef GGML_USE_OPENMP
        features.push_back({ \"OPENMP\", \"1\" });"
    "        features.push_back({ \"SLEEPING_BARRIER\", \"1\" });
    #ifdef GGML_USE_OPENMP
        features.push_back({ \"OPENMP\", \"1\" });")
endfunction()

# Without cooperative matrices in glslc, ggml leaves out what needs them, except two shaders of an Intel Xe path for
# decoding text, which it compiles unconditionally.
function(wanlet_leave_out_xe_decoding vulkan)
  foreach(phase 1 2)
    wanlet_replace("${vulkan}/vulkan-shaders/vulkan-shaders-gen.cpp"
      "string_to_spv(\"fa_decode_ph${phase}\", \"flash_attn_decode_phase_${phase}.comp\", {}, true, true, false, false);" "")
    wanlet_replace("${vulkan}/ggml-vulkan.cpp"
      "fa_decode_ph${phase}_cm1_len, fa_decode_ph${phase}_cm1_data" "0, nullptr")
  endforeach()
  # The path itself: never taken, so that the pipelines above are never made.
  wanlet_replace("${vulkan}/ggml-vulkan.cpp" "bool xe_fa_supported_platform ="
    "bool xe_fa_supported_platform = false;\n    [[maybe_unused]] bool xe_fa_with_cooperative_matrices =")
endfunction()

# Vulkan headers before 1.3.272 do not declare the extension by which ggml configures the validation layer (a debugging aid).
function(wanlet_leave_out_layer_settings vulkan)
  set(create "vk::InstanceCreateInfo instance_create_info(vk::InstanceCreateFlags{}, &app_info, layers, extensions")
  wanlet_replace("${vulkan}/ggml-vulkan.cpp" "    VkBool32 enable_best_practice = layer_settings;"
    "#ifdef VK_EXT_layer_settings\n    VkBool32 enable_best_practice = layer_settings;")
  wanlet_replace("${vulkan}/ggml-vulkan.cpp" "    ${create}, &layer_setting_info);"
    "    ${create}, &layer_setting_info);\n#else\n    ${create});\n#endif")
endfunction()
