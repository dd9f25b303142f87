// SPDX-License-Identifier: Apache-2.0
//
// Linked in place of cuBLAS where only its run-time library, or none, is there; never loaded. ggml-cuda then asks for
// libcublas.so.13 by its name.
#define STUB(name) \
    void name(void) {}

STUB(cublasCreate_v2)
STUB(cublasDestroy_v2)
STUB(cublasSetStream_v2)
STUB(cublasSetMathMode)
STUB(cublasSetWorkspace_v2)
STUB(cublasLoggerConfigure)
STUB(cublasGetStatusString)
STUB(cublasSgemm_v2)
STUB(cublasSgemmBatched)
STUB(cublasSgemmStridedBatched)
STUB(cublasGemmEx)
STUB(cublasGemmBatchedEx)
STUB(cublasGemmStridedBatchedEx)
STUB(cublasStrsmBatched)
