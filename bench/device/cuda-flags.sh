# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts that compile CUDA with CMake on machines where cuBLAS or the driver may be missing.

# find_nvcc: sets nvcc to the compiler, or to nothing; toolkit to the folder that it belongs to; and cuda_major to the
# toolkit's major version.
find_nvcc() {
  nvcc=$(command -v nvcc || true)
  if [ -z "$nvcc" ] && [ -x "${CUDA_PATH:-/usr/local/cuda}/bin/nvcc" ]; then
    nvcc=${CUDA_PATH:-/usr/local/cuda}/bin/nvcc
  fi
  toolkit= cuda_major=
  if [ -z "$nvcc" ]; then return 0; fi
  # What is on the path may be a link to it, or a script that starts it: it says itself where it lies.
  toolkit=$("$nvcc" --dryrun -x cu -c /dev/null 2>&1 | sed -n 's/^#\$ TOP=//p' | head -n 1)
  if [ ! -d "$toolkit" ]; then toolkit=$(dirname "$(dirname "$(readlink -f "$nvcc")")"); fi
  toolkit=$(cd "$toolkit" && pwd -P)
  cuda_major=$("$nvcc" --version 2>/dev/null | sed -n 's/.*release \([0-9][0-9]*\)\..*/\1/p' | head -n 1)
}

# cuda_flags FOLDER: makes link stubs of cuBLAS and of the driver there, and sets cuda_defines to options for CMake, one a
# line. The program then finds the real ones by their names. Needs find_nvcc.
cuda_flags() {
  cublas=$1/libcublas.so.${cuda_major:-13}
  ${CC:-cc} -shared -fPIC -w -Wl,-soname,"${cublas##*/}" -o "$cublas" "$here/cublas/link_stub.c"
  # Virtual memory management, which the pools of ready-made builds use, is called in the driver's own library.
  ${CC:-cc} -shared -fPIC -w -Wl,-soname,libcuda.so.1 -o "$1/libcuda.so" "$here/cublas/driver_stub.c"
  cuda_defines="-DCUDA_cublas_LIBRARY=$cublas
-DCUDA_cuda_driver_LIBRARY=$1/libcuda.so
-DCMAKE_CXX_FLAGS=-isystem $here/cublas
-DCMAKE_CUDA_FLAGS=-isystem $here/cublas
-DCMAKE_CUDA_COMPILER=$nvcc"
}

# configure OPTION...: CMake with these options and cuda_defines.
configure_cuda() {
  while IFS= read -r option; do set -- "$@" "$option"; done <<DEFINES
$cuda_defines
DEFINES
  cmake -G "$(command -v ninja >/dev/null && echo Ninja || echo 'Unix Makefiles')" "$@"
}
