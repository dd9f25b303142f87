# SPDX-License-Identifier: Apache-2.0
# Sourced by the launcher and by scripts beside it.

# Same directory as native/cmake/UserCache.cmake.
cache_directory() {
  if [ -n "${WANLET_CACHE:-}" ]; then
    printf '%s' "$WANLET_CACHE"
  elif [ -n "${XDG_CACHE_HOME:-}" ]; then
    printf '%s' "$XDG_CACHE_HOME/wanlet"
  elif [ "$(uname -s)" = Darwin ]; then
    printf '%s' "${HOME:-}/Library/Caches/wanlet"
  else
    printf '%s' "${HOME:-}/.cache/wanlet"
  fi
}
