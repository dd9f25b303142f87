// SPDX-License-Identifier: Apache-2.0
// In the place of the library of NVIDIA's driver: one card, and what the scenario makes of it.
// Compiled with -D of the figures; what is not defined is a desktop on an 8 GB card.
#include <string.h>

#define MIB (1ull << 20)
#ifndef USED_MIB
#define USED_MIB 742ull
#endif
#ifndef OTHER_MIB
#define OTHER_MIB 142ull
#endif
#ifndef INIT
#define INIT 0
#endif
#ifndef OTHER_BYTES
#define OTHER_BYTES (OTHER_MIB * MIB)
#endif

enum { NOT_SUPPORTED = 3, INSUFFICIENT_SIZE = 7 };

typedef struct { unsigned pid; unsigned long long bytes; unsigned instance, part; } process_t;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory_t;
typedef struct { unsigned long long total, free, used; } old_memory_t;
typedef struct { char legacy[16]; unsigned domain, bus, device, id, subsystem; char name[32]; } pci_t;

static int begun;
static int card;

static int text(char * to, unsigned bytes, const char * from) {
    if (!begun || strlen(from) >= bytes) return INSUFFICIENT_SIZE;
    strcpy(to, from);
    return 0;
}

#ifndef TOO_OLD
int nvmlInit_v2(void) { if (INIT == 0) begun++; return INIT; }
#endif
int nvmlShutdown(void) { begun--; return 0; }
int begun_now(void) { return begun; }
int nvmlSystemGetDriverVersion(char * to, unsigned n) { return text(to, n, "580.95.05"); }
int nvmlDeviceGetCount_v2(unsigned * n) { *n = 1; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void ** to) { *to = &card; return i == 0 ? 0 : 2; }
int nvmlDeviceGetName(void * c, char * to, unsigned n) { return c == &card ? text(to, n, "NVIDIA GeForce RTX 4060") : 2; }

#ifndef MISSING
int nvmlDeviceGetPciInfo_v3(void * c, pci_t * to) { (void) c; strcpy(to->legacy, "0000:01:00.0"); strcpy(to->name, "00000000:01:00.0"); return 0; }
int nvmlDeviceGetMemoryInfo_v2(void * c, memory_t * m) {
    (void) c;
    if (m->version != (sizeof(memory_t) | 2 << 24)) return 25;
    m->total = 8188 * MIB; m->reserved = 200 * MIB; m->used = USED_MIB * MIB;
    m->free = m->total - m->reserved - m->used;
    return 0;
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(void * c, unsigned * n, process_t * to) {
    (void) c;
    if (*n < 1) return INSUFFICIENT_SIZE;
    to[0] = (process_t){ 4000000001u, 600 * MIB, -1u, -1u }; *n = 1;
    return 0;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void * c, unsigned * n, process_t * to) {
    (void) c;
    if (*n < 2) return INSUFFICIENT_SIZE;
    to[0] = (process_t){ 4000000001u, 600 * MIB, -1u, -1u };
    to[1] = (process_t){ 4000000002u, OTHER_BYTES, -1u, -1u }; *n = 2;
    return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void * c, unsigned long long * to) {
    static unsigned long long millijoules = 1234500;
    (void) c;
    *to = millijoules;
    millijoules += 2500; // each time it is asked
    return 0;
}
#else
// A driver from before these functions: the older ones answer, with less.
int nvmlDeviceGetMemoryInfo(void * c, old_memory_t * m) { (void) c; m->total = 8188 * MIB; m->used = 942 * MIB; m->free = m->total - m->used; return 0; }
#endif
int nvmlDeviceGetCurrPcieLinkGeneration(void * c, unsigned * to) { (void) c; *to = 1; return 0; }
int nvmlDeviceGetCurrPcieLinkWidth(void * c, unsigned * to) { (void) c; *to = 8; return 0; }
int nvmlDeviceGetMaxPcieLinkGeneration(void * c, unsigned * to) { (void) c; *to = 4; return 0; }
int nvmlDeviceGetMaxPcieLinkWidth(void * c, unsigned * to) { (void) c; *to = 8; return 0; }
int nvmlDeviceGetPowerUsage(void * c, unsigned * to) { (void) c; *to = 12500; return 0; }
int nvmlDeviceGetEnforcedPowerLimit(void * c, unsigned * to) { (void) c; (void) to; return NOT_SUPPORTED; }
int nvmlDeviceGetCudaComputeCapability(void * c, int * major, int * minor) { (void) c; *major = 8; *minor = 9; return 0; }
