// SPDX-License-Identifier: Apache-2.0
/**
 * Reading GGUF: the parser of its header, its types and values, and tensors mapped from the file.
 * Headers are treated as hostile.
 *
 * <p>Must not enter: what the entries of a header mean to a model. Writing is in {@code
 * weights.write}.
 */
package dev.wanlet.weights.gguf;
