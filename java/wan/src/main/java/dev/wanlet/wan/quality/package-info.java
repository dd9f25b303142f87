// SPDX-License-Identifier: Apache-2.0
/**
 * What a finished clip shows, told from its pixels alone: measures of any clip ({@link
 * dev.wanlet.wan.quality.ClipMeasures}), alone or against another ({@link
 * dev.wanlet.wan.quality.ReferenceMeasures}), and whether a clip of the demo model shows what was
 * asked for ({@link dev.wanlet.wan.quality.ShapeScore}), so that the loss of quantising or of fewer
 * steps can be counted.
 *
 * <p>Must not enter: devices, networks and anything that looks inside a run. Comparisons with
 * tensors of the reference are {@code wan.parity}.
 */
package dev.wanlet.wan.quality;
