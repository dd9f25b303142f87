// SPDX-License-Identifier: Apache-2.0
/**
 * Pictures made as large as a clip, with the numbers that networks take.
 *
 * <p>Must not enter: files, and anything that knows a network.
 */
package dev.wanlet.wan.media.fit;
