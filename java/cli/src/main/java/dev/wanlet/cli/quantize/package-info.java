// SPDX-License-Identifier: Apache-2.0
/**
 * {@code wanlet quantize} and {@code wanlet imatrix}, and what the runtime does for them:
 * tokenizers, and forward passes to compare. Converting itself is {@code dev.wanlet.quantize}'s
 * work.
 */
package dev.wanlet.cli.quantize;
