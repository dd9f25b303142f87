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

# Sets `result` to the folder to build: `source`, or a corrected copy under `temp` when the Vulkan backend is built with
# tools as old as those of Debian 12 and Ubuntu 22.04.
function(wanlet_corrected_ggml source temp options result)
  set(${result} "${source}" PARENT_SCOPE)
  list(FIND options -DGGML_VULKAN=ON vulkan)
  if(vulkan EQUAL -1)
    return()
  endif()
  execute_process(
    COMMAND "${WANLET_GLSLC}" -o - -fshader-stage=compute --target-env=vulkan1.3
      "${source}/src/ggml-vulkan/vulkan-shaders/feature-tests/coopmat.comp"
    OUTPUT_QUIET ERROR_VARIABLE glslc_errors)
  string(FIND "${glslc_errors}" "extension not supported: GL_KHR_cooperative_matrix" no_cooperative_matrices)
  file(STRINGS "${Vulkan_INCLUDE_DIR}/vulkan/vulkan_core.h" layer_settings REGEX "define VK_EXT_layer_settings " LIMIT_COUNT 1)
  if(no_cooperative_matrices EQUAL -1 AND layer_settings)
    return()
  endif()

  file(COPY "${source}/" DESTINATION "${temp}/ggml")
  if(NOT no_cooperative_matrices EQUAL -1)
    message(STATUS "This glslc has no cooperative matrices: building ggml's Vulkan backend without them")
    wanlet_leave_out_xe_decoding("${temp}/ggml/src/ggml-vulkan")
  endif()
  if(NOT layer_settings)
    wanlet_leave_out_layer_settings("${temp}/ggml/src/ggml-vulkan")
  endif()
  set(${result} "${temp}/ggml" PARENT_SCOPE)
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
