// SPDX-License-Identifier: Apache-2.0
/** Models of random weights, for benchmarks and for comparing whole runs with other programs. */
package dev.wanlet.bench.models;
