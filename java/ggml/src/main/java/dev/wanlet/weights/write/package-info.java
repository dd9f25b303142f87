// SPDX-License-Identifier: Apache-2.0
/**
 * Writing weight files: tensors are declared first, then appended in that order, and the file gets
 * its name once it is whole.
 *
 * <p>Must not enter: the choice of types ({@code weights.recipe}) and quantising itself.
 */
package dev.wanlet.weights.write;
