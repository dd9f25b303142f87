// SPDX-License-Identifier: Apache-2.0
/**
 * What networks on frames of pixels are built of: convolutions over bands of rows, frames that
 * share memory, and the past frames that a layer looks back on. {@link
 * dev.wanlet.wan.nn.frames.FrameEngine} comes in two kinds with the same calls: one measures what a
 * network takes, the other computes in exactly that.
 *
 * <p>Must not enter: the layers and names of one network (they belong to {@code model}).
 */
package dev.wanlet.wan.nn.frames;
