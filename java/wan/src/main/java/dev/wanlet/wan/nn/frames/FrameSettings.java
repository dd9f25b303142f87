// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn.frames;

import dev.wanlet.ggml.TensorType;

/**
 * How a network works on frames: what there is to choose, none of which changes the result beyond
 * rounding. Immutable.
 *
 * @param convolutionType type of kernels, and of activations that only feed a convolution
 * @param method how convolutions are computed
 * @param bandBytes what the activations of one band of rows may take, about; at least one row is
 *     computed at a time
 * @param keepsHistory whether past frames are kept; a single frame needs none
 * @param hostHistories how many layers, in order, keep their past frames in host memory instead of
 *     on the device
 */
public record FrameSettings(
    TensorType convolutionType,
    ConvMethod method,
    long bandBytes,
    boolean keepsHistory,
    int hostHistories) {}
