# SPDX-License-Identifier: Apache-2.0
# Sourced by ./wanlet before it builds: finds what is missing, names the command that installs it, and runs that
# command where it can and may. Uses: root, java, yes, say.
. "$root/launcher/cache.sh"

# Sets missing (for people) and packages (Debian's names).
find_missing() {
  missing=
  packages=
  need_java
  if ! version_at_least 3.8 "$(mvn --version 2>/dev/null | sed -n 's/.*Apache Maven \([0-9.]*\).*/\1/p')"; then
    need 'Maven 3.8 or newer' maven
  fi
  if ! version_at_least 3.21 "$(cmake --version 2>/dev/null | sed -n 's/^cmake version \([0-9.]*\).*/\1/p')"; then
    need 'CMake 3.21 or newer' cmake
  fi
  if ! command -v "${CXX:-c++}" >/dev/null || ! command -v "${CC:-cc}" >/dev/null; then
    need 'a C and C++17 compiler' 'gcc g++'
  fi
  if ! command -v ninja >/dev/null && ! command -v make >/dev/null; then need 'make (or Ninja)' 'make ninja-build'; fi
  # CMake's own default generator on Linux and macOS is make.
  if ! command -v make >/dev/null && [ -z "${CMAKE_GENERATOR:-}" ]; then export CMAKE_GENERATOR=Ninja; fi
  if ! command -v git >/dev/null; then need git 'git ca-certificates'; fi
  if ! command -v npm >/dev/null && ! ggml_is_cached && ! upstream_is_reachable; then
    need 'npm (ggml is fetched with it; upstream git cannot be reached)' npm
  fi
}

need() {
  missing="$missing
  $1"
  packages="$packages $2"
}

need_java() {
  javac=javac
  if [ -n "${JAVA_HOME:-}" ]; then javac=$JAVA_HOME/bin/javac; fi
  if [ -n "$java" ] && version_at_least 17 "$("$javac" -version 2>&1 | sed -n 's/^javac \([0-9.]*\).*/\1/p')"; then
    return
  fi
  if [ -n "${JAVA_HOME:-}" ]; then
    need "a JDK 17 or newer in JAVA_HOME=$JAVA_HOME (unset it to use the one on the PATH)" ''
  else
    need 'a JDK 17 or newer (a JRE is not enough)' @jdk
  fi
}

# version_at_least WANTED FOUND: compares the first two numbers; an empty FOUND is too old.
version_at_least() {
  [ -n "$2" ] || return 1
  wanted_major=${1%%.*} found_major=${2%%.*}
  wanted_minor=0 found_minor=0
  case $1 in *.*) wanted_minor=${1#*.}; wanted_minor=${wanted_minor%%.*} ;; esac
  case $2 in *.*) found_minor=${2#*.}; found_minor=${found_minor%%.*} ;; esac
  [ "$found_major" -gt "$wanted_major" ] ||
    { [ "$found_major" -eq "$wanted_major" ] && [ "$found_minor" -ge "$wanted_minor" ]; }
}

ggml_is_cached() {
  tree=$(sed -n 's/^ *set(WANLET_GGML_TREE \([0-9a-f]*\))/\1/p' "$root/native/cmake/GgmlPin.cmake")
  [ -d "$(cache_directory)/ggml/$tree/ggml" ]
}

upstream_is_reachable() {
  command -v git >/dev/null || return 0 # git is asked for first; then this question comes again
  url=$(sed -n 's/^set(WANLET_GGML_GIT_URL \(.*\))/\1/p' "$root/native/cmake/GgmlPin.cmake")
  limit=
  if command -v timeout >/dev/null; then limit='timeout 20'; fi
  GIT_TERMINAL_PROMPT=0 $limit git ls-remote --quiet "$url" HEAD >/dev/null 2>&1
}

# The oldest JDK the distribution has that will do: the project is tested with 17.
debian_jdk() {
  for version in 17 21 25; do
    if apt-cache show "openjdk-$version-jdk-headless" >/dev/null 2>&1; then
      printf '%s' "openjdk-$version-jdk-headless"
      return
    fi
  done
  printf '%s' default-jdk-headless
}

resolve_packages() {
  case $packages in
    *@jdk*) packages=$(printf '%s' "$packages" | sed "s/@jdk/$(debian_jdk)/") ;;
  esac
}

print_install_help() {
  if command -v apt-get >/dev/null; then
    resolve_packages
    say "install it with: ${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends$packages"
  elif command -v brew >/dev/null; then
    say 'install it with: brew install openjdk@17 maven cmake ninja git node (and xcode-select --install)'
  elif command -v dnf >/dev/null; then
    say 'install it with: sudo dnf install java-17-openjdk-devel maven cmake gcc-c++ ninja-build git npm'
  elif command -v pacman >/dev/null; then
    say 'install it with: sudo pacman -S jdk17-openjdk maven cmake gcc ninja git npm'
  fi
}

install_packages() {
  # Stale package lists name versions that mirrors no longer have.
  DEBIAN_FRONTEND=noninteractive ${sudo}apt-get update -q >&2 || say 'apt-get update failed; trying with the old lists'
  resolve_packages
  say "installing:$packages"
  # shellcheck disable=SC2086 # a list of packages
  ${sudo}env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages >&2
}

# Returns with everything there, or ends the program with what is missing and the line that installs it.
require_prerequisites() {
  sudo=
  if [ "$(id -u)" -ne 0 ]; then sudo='sudo '; fi
  attempts=0
  while find_missing; [ -n "$missing" ]; do
    say "needed to build, and missing:$missing"
    # Twice: whether npm is needed can only be asked once git is there.
    if [ "$attempts" -ge 2 ] || [ -z "$packages" ] || [ "$packages" = ' ' ] || ! command -v apt-get >/dev/null ||
        ! may_install; then
      print_install_help
      exit 1
    fi
    attempts=$((attempts + 1))
    install_packages || { say 'installing failed (see above)'; print_install_help; exit 1; }
    hash -r
    if [ -z "$java" ]; then java=$(command -v java || true); fi
  done
}

may_install() {
  if $yes; then return 0; fi
  if [ ! -t 0 ] || [ ! -t 2 ]; then return 1; fi
  resolve_packages
  printf 'wanlet: run "%sapt-get install%s" now? [Y/n] ' "$sudo" "$packages" >&2
  is_yes
}

# Reads an answer; an empty line is yes, and the end of the input (Ctrl-D) is no.
is_yes() {
  read -r answer || { echo >&2; return 1; }
  case $answer in
    '' | y | Y | yes) return 0 ;;
    *) return 1 ;;
  esac
}
