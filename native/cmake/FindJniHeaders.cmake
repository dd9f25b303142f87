# SPDX-License-Identifier: Apache-2.0
# Sets WANLET_JNI_INCLUDE_DIRS. CMake's FindJNI asks for AWT's library, which a headless JDK does not have.

find_program(WANLET_JAVAC javac HINTS "$ENV{JAVA_HOME}/bin")
set(jdk_hints "$ENV{JAVA_HOME}")
if(WANLET_JAVAC)
  file(REAL_PATH "${WANLET_JAVAC}" javac)
  get_filename_component(jdk "${javac}/../.." ABSOLUTE)
  list(APPEND jdk_hints "${jdk}")
endif()
if(APPLE)
  # /usr/bin/javac is a stub there.
  execute_process(COMMAND /usr/libexec/java_home OUTPUT_VARIABLE jdk OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  list(APPEND jdk_hints "${jdk}")
endif()
find_path(WANLET_JNI_INCLUDE_DIR jni.h HINTS ${jdk_hints} PATH_SUFFIXES include)
find_path(WANLET_JNI_MD_INCLUDE_DIR jni_md.h HINTS "${WANLET_JNI_INCLUDE_DIR}"
  PATH_SUFFIXES linux darwin win32)
if(NOT WANLET_JNI_INCLUDE_DIR OR NOT WANLET_JNI_MD_INCLUDE_DIR)
  message(FATAL_ERROR "jni.h was not found. Install a JDK 17 or newer (a JRE is not enough), or set JAVA_HOME to it.\n"
    "Debian, Ubuntu: apt-get install openjdk-17-jdk-headless")
endif()
set(WANLET_JNI_INCLUDE_DIRS "${WANLET_JNI_INCLUDE_DIR}" "${WANLET_JNI_MD_INCLUDE_DIR}")
