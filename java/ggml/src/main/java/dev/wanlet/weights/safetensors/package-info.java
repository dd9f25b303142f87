// SPDX-License-Identifier: Apache-2.0
/**
 * Reading safetensors, one file or the index of a sharded model; headers are treated as hostile.
 *
 * <p>Must not enter: what tensors are called in which model. Writing is in {@code weights.write}.
 */
package dev.wanlet.weights.safetensors;
