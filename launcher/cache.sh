# SPDX-License-Identifier: Apache-2.0
# Sourced by the launcher and by scripts beside it.

# The user's cache, by the rule of dev.wanlet.base.UserCache and native/cmake/UserCache.cmake.
cache_directory() {
  if [ -n "${WANLET_CACHE:-}" ]; then
    printf '%s' "$WANLET_CACHE"
    return
  fi
  case ${XDG_CACHE_HOME:-} in
    /*) printf '%s' "$XDG_CACHE_HOME/wanlet"; return ;;
  esac
  if [ "$(uname -s)" = Darwin ]; then
    printf '%s' "$(home_directory)/Library/Caches/wanlet"
  else
    printf '%s' "$(home_directory)/.cache/wanlet"
  fi
}

# $HOME, or where that is empty the folder that the system knows for the user.
home_directory() {
  if [ -n "${HOME:-}" ]; then
    printf '%s' "$HOME"
  else
    getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6
  fi
}
