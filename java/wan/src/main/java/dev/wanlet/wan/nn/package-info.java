// SPDX-License-Identifier: Apache-2.0
/**
 * What networks are built of. There are two kinds of classes: layers, which add nodes to a graph
 * ({@link dev.wanlet.wan.nn.Linear}, {@link dev.wanlet.wan.nn.Norms}, {@link
 * dev.wanlet.wan.nn.RotaryEmbedding3d}), and those that bring weights from a checkpoint to a
 * device.
 *
 * <p>The way of the weights: a network describes itself as a {@link
 * dev.wanlet.wan.nn.NetworkLayout}, weights around its blocks and an ordered list of {@link
 * dev.wanlet.wan.nn.BlockSpec}s; a {@link dev.wanlet.wan.nn.TypePolicy} chooses the types; {@link
 * dev.wanlet.wan.nn.NetworkWeights} loads it all through a {@link dev.wanlet.wan.nn.WeightReader},
 * with its blocks resident or streamed as a {@link dev.wanlet.wan.nn.Placement} says.
 *
 * <p>Must not enter: the shapes, names or constants of one network (they belong to {@code model}),
 * the choice of a placement within a budget ({@code memory}), and file formats ({@code weights}).
 */
package dev.wanlet.wan.nn;
