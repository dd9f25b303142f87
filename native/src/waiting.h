// SPDX-License-Identifier: Apache-2.0
//
// How the CPU backend's threads wait for each other: shortly, and then asleep.

#pragma once

#include "ggml-backend.h"

#include <cstdint>

namespace wanlet {

// Tells the OpenMP runtime that comes with the CPU backend to let waiting threads sleep after a short spin. Runtimes read
// this once, when they are loaded: call it before the backends are. It replaces what the user's environment says.
void let_waiting_threads_sleep();

// The most processor time, in nanoseconds, that a thread of this CPU backend spends while it waits five milliseconds for
// another one between two operations of a graph. 0 where a thread's processor time cannot be read (Windows).
int64_t longest_spin(ggml_backend_t cpu, int threads);

}  // namespace wanlet
