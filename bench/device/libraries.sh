# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts that put a backend beside the built libraries.

# record_library FOLDER NAME: adds it to the list of what belongs together; what is not on it is not loaded. Later lines
# win over earlier ones.
record_library() {
  printf 'sha256.%s=%s\nsize.%s=%d\n' "$2" "$(sha256sum "$1/$2" | cut -d ' ' -f 1)" "$2" "$(wc -c < "$1/$2")" \
    >> "$1/libraries.properties"
}
