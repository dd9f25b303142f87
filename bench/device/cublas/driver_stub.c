// SPDX-License-Identifier: Apache-2.0
//
// Linked in place of the driver's library where no driver is installed; never loaded. ggml-cuda then asks for libcuda.so.1
// by its name.
#define STUB(name) \
    void name(void) {}

STUB(cuDeviceGet)
STUB(cuDeviceGetAttribute)
STUB(cuGetErrorString)
STUB(cuMemAddressFree)
STUB(cuMemAddressReserve)
STUB(cuMemCreate)
STUB(cuMemGetAllocationGranularity)
STUB(cuMemMap)
STUB(cuMemRelease)
STUB(cuMemSetAccess)
STUB(cuMemUnmap)
