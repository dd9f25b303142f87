# SPDX-License-Identifier: Apache-2.0
# Sourced by ./wanlet: which GPU backends this machine can use, and where they come from. Tests set system to a folder
# that stands for the root of a machine.
system=${system:-}

# CUDA 13, which the ready-made backend was built with, needs this driver or a newer one.
cuda_driver=580

# Sets backends to what a device that is there can be driven with. Built-in commands only: this runs at every start.
detect_backends() {
  backends=cpu
  if has_card && { takes_ready_made || has_vulkan_sdk; }; then backends=cpu,vulkan; fi
  if has_nvidia_card; then
    find_cuda_libraries
    if { takes_ready_made && has_cuda_runtime; } || has_nvcc; then backends=$backends,cuda; fi
  fi
}

has_card() {
  set -- "$system"/dev/dri/renderD*
  [ -e "$1" ] || has_nvidia_card
}

# A container may be given any one of a machine's cards.
has_nvidia_card() {
  set -- "$system"/dev/nvidia[0-9]*
  [ -e "$1" ] || [ -e "$system/dev/dxg" ]
}

# The ready-made backends are for Linux with glibc on x86-64.
takes_ready_made() { [ -e "$system/lib64/ld-linux-x86-64.so.2" ]; }

has_vulkan_sdk() {
  sdk=${VULKAN_SDK:-$system/usr}
  { command -v glslc || [ -x "$sdk/bin/glslc" ]; } >/dev/null && [ -f "$sdk/include/vulkan/vulkan.h" ] || return 1
  for dir in "$sdk"/*/cmake/SPIRV-Headers "$system"/usr/*/cmake/SPIRV-Headers; do
    if [ -d "$dir" ]; then return 0; fi
  done
  return 1
}

has_nvcc() { command -v nvcc >/dev/null || [ -x "${CUDA_PATH:-$system/usr/local/cuda}/bin/nvcc" ]; }

has_cuda_runtime() { [ -z "$cuda_missing" ]; }

# Looks for what the ready-made CUDA backend needs: sets cuda_folders to the folders of CUDA's libraries, and cuda_missing
# to what is not there.
find_cuda_libraries() {
  cuda_folders= cuda_missing=
  for library in libcudart.so.13 libcublas.so.13 libcublasLt.so.13; do
    find_library "$library" || cuda_missing="${cuda_missing:+$cuda_missing, }$library"
  done
  read_driver_version
  # WSL's driver lies in Windows and has no version here.
  if [ -n "$driver" ] && [ "${driver%%.*}" -lt "$cuda_driver" ]; then
    cuda_missing="${cuda_missing:+$cuda_missing, }a driver from version $cuda_driver on (this one is $driver)"
  fi
}

find_library() {
  paths=${LD_LIBRARY_PATH:-}
  while [ -n "$paths" ]; do
    folder=${paths%%:*}
    case $paths in *:*) paths=${paths#*:} ;; *) paths= ;; esac
    if [ -n "$folder" ] && [ -e "$folder/$1" ]; then return 0; fi
  done
  # The toolkit's folder, the distribution's, and those of Python's packages, where PyTorch brings CUDA along.
  for folder in "${CUDA_PATH:-$system/usr/local/cuda}/lib64" "$system"/usr/lib/x86_64-linux-gnu "$system"/usr/lib64 \
      "${VIRTUAL_ENV:-$system/none}"/lib/python3*/site-packages/nvidia/*/lib \
      "${CONDA_PREFIX:-$system/opt/conda}"/lib/python3*/site-packages/nvidia/*/lib \
      "$system${HOME:-/none}"/.local/lib/python3*/site-packages/nvidia/*/lib \
      "$system"/usr/local/lib/python3*/dist-packages/nvidia/*/lib \
      "$system"/usr/local/lib/python3*/site-packages/nvidia/*/lib; do
    if [ -e "$folder/$1" ]; then
      # The system looks in its own folders without being told.
      case :$cuda_folders:$system/usr/lib/x86_64-linux-gnu:$system/usr/lib64: in
        *:"$folder":*) ;;
        *) cuda_folders=${cuda_folders:+$cuda_folders:}$folder ;;
      esac
      return 0
    fi
  done
  return 1
}

# Sets driver to the version of NVIDIA's kernel module; empty where there is none.
read_driver_version() {
  driver=
  [ -r "$system/proc/driver/nvidia/version" ] || return 0
  read -r line < "$system/proc/driver/nvidia/version" || true
  for word in $line; do
    case $word in [0-9]*.[0-9]*) driver=$word; return 0 ;; esac
  done
}

# Sets ready to those of $backends that are taken ready-made, and says what a card here has to do without. Runs before a
# build. WANLET_READY_BACKENDS decides it by hand; "none" builds all of them.
choose_ready_backends() {
  ready=
  if has_nvidia_card; then
    find_cuda_libraries
    case ,$backends, in
      *,cuda,*) ;;
      *) say "CUDA is left out, because this is missing: $cuda_missing. ./wanlet doctor says how to get it" ;;
    esac
  fi
  if [ -n "${WANLET_READY_BACKENDS:-}" ]; then
    ready=$WANLET_READY_BACKENDS
    return
  fi
  takes_ready_made || return 0
  case ,$backends, in
    *,vulkan,*) if ! { has_vulkan_sdk && glslc_has_cooperative_matrices; }; then add_ready vulkan; fi ;;
  esac
  case ,$backends, in
    *,cuda,*) if ! has_nvcc || { has_nvidia_card && has_cuda_runtime; }; then add_ready cuda; fi ;;
  esac
}

add_ready() { ready=${ready:+$ready,}$1; }

# Tensor cores are used through these; the compilers of Debian 12 and Ubuntu 22.04 do not know them.
glslc_has_cooperative_matrices() {
  glslc=$(command -v glslc || echo "$sdk/bin/glslc")
  printf '%s\n' '#version 460' '#extension GL_KHR_cooperative_matrix : require' \
    '#extension GL_KHR_memory_scope_semantics : enable' 'void main() {}' |
    "$glslc" -fshader-stage=compute --target-env=vulkan1.3 -o /dev/null - >/dev/null 2>&1
}
