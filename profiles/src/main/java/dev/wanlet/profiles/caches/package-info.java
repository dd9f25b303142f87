// SPDX-License-Identifier: Apache-2.0
/**
 * Tables of step caches that were measured on this machine, one file each, and the choice among
 * them. A run knows nothing of them: the table goes into its settings.
 *
 * <p>Must not enter: what a cache does with its numbers (wan.sampling.cache).
 */
package dev.wanlet.profiles.caches;
