// SPDX-License-Identifier: Apache-2.0
/**
 * Reading what {@code torch.save} wrote: a zip archive with a pickle inside. The pickle is read as
 * data and never run; classes that are not plain tensors or collections are refused by name.
 *
 * <p>Must not enter: other uses of zip or pickle, and whatever would call code that a file names.
 */
package dev.wanlet.weights.pickle;
