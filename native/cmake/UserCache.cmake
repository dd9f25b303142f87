# SPDX-License-Identifier: Apache-2.0

# The user's cache directory for Wanlet, created if need be. Everything in it can be deleted at any time.
# The rule is that of dev.wanlet.base.UserCache in Java. Falls back to the build directory, with a warning, when the
# directory cannot be written (a read-only home).
function(wanlet_user_cache result)
  if(NOT "$ENV{WANLET_CACHE}" STREQUAL "")
    file(TO_CMAKE_PATH "$ENV{WANLET_CACHE}" dir)
    get_filename_component(dir "${dir}" ABSOLUTE)
  elseif(IS_ABSOLUTE "$ENV{XDG_CACHE_HOME}")
    file(TO_CMAKE_PATH "$ENV{XDG_CACHE_HOME}/wanlet" dir)
  elseif(WIN32)
    file(TO_CMAKE_PATH "$ENV{LOCALAPPDATA}/wanlet" dir)
  else()
    wanlet_home(home)
    if("${home}" STREQUAL "")
      set(dir "${CMAKE_BINARY_DIR}/cache")
    elseif(APPLE)
      set(dir "${home}/Library/Caches/wanlet")
    else()
      set(dir "${home}/.cache/wanlet")
    endif()
  endif()

  execute_process(COMMAND "${CMAKE_COMMAND}" -E make_directory "${dir}"
    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(NOT failed)
    execute_process(COMMAND "${CMAKE_COMMAND}" -E touch "${dir}/.writable"
      RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  endif()
  if(failed)
    message(WARNING "Cannot write the cache directory ${dir}; using ${CMAKE_BINARY_DIR}/cache. "
      "Set WANLET_CACHE to a writable directory to build ggml only once.")
    set(dir "${CMAKE_BINARY_DIR}/cache")
    file(MAKE_DIRECTORY "${dir}")
  endif()
  set(${result} "${dir}" PARENT_SCOPE)
endfunction()

# $HOME, or where that is empty the folder that the system knows for the user; empty if it knows none.
function(wanlet_home result)
  set(home "$ENV{HOME}")
  if("${home}" STREQUAL "")
    execute_process(COMMAND sh -c "getent passwd \"$(id -u)\" | cut -d: -f6"
      OUTPUT_VARIABLE home OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  set(${result} "${home}" PARENT_SCOPE)
endfunction()

# Takes the lock file for the rest of the calling function, saying so when it has to wait.
macro(wanlet_lock path what)
  file(LOCK "${path}" GUARD FUNCTION TIMEOUT 0 RESULT_VARIABLE wanlet_lock_result)
  if(NOT wanlet_lock_result EQUAL 0)
    message(STATUS "Waiting for another build that is ${what} (lock: ${path})")
    file(LOCK "${path}" GUARD FUNCTION TIMEOUT 7200)
  endif()
endmacro()
