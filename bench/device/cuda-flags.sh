# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts that compile CUDA with CMake on machines without cuBLAS's headers.

# cuda_flags FOLDER: makes a link stub of cuBLAS there and sets cuda_defines to options for CMake, one a line. The
# program then finds the real cuBLAS by its name.
cuda_flags() {
  ${CC:-cc} -shared -fPIC -w -Wl,-soname,libcublas.so.13 -o "$1/libcublas.so.13" "$here/cublas/link_stub.c"
  cuda_defines="-DCUDA_cublas_LIBRARY=$1/libcublas.so.13
-DCMAKE_CXX_FLAGS=-isystem $here/cublas
-DCMAKE_CUDA_FLAGS=-isystem $here/cublas
-DCMAKE_CUDA_COMPILER=$nvcc"
  # Virtual memory management, which the pools of a usual build use, is called in the driver's own library.
  driver=$(ls "${CUDA_PATH:-/usr/local/cuda}"/lib64/stubs/libcuda.so /usr/lib/*/libcuda.so.1 /usr/lib64/libcuda.so.1 \
    2>/dev/null | head -n 1)
  if [ -n "$driver" ]; then
    vmm=ON
    cuda_defines="$cuda_defines
-DCUDA_cuda_driver_LIBRARY=$driver"
  else
    vmm=OFF
    cuda_defines="$cuda_defines
-DGGML_CUDA_NO_VMM=ON"
  fi
}

# configure OPTION...: CMake with these options and cuda_defines.
configure_cuda() {
  while IFS= read -r option; do set -- "$@" "$option"; done <<DEFINES
$cuda_defines
DEFINES
  cmake -G "$(command -v ninja >/dev/null && echo Ninja || echo 'Unix Makefiles')" "$@"
}
