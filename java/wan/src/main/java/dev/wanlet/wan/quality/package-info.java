// SPDX-License-Identifier: Apache-2.0
/**
 * What a finished clip of the demo model shows, told from its pixels alone, so that the loss of
 * quantising or of fewer steps can be counted.
 *
 * <p>Must not enter: devices, networks and anything that looks inside a run. Comparisons with
 * tensors of the reference are {@code wan.parity}.
 */
package dev.wanlet.wan.quality;
