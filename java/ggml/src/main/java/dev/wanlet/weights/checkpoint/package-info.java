// SPDX-License-Identifier: Apache-2.0
/**
 * Published checkpoints of Wan's networks, in the many names and forms they come in, brought to
 * one: official tensor names, scales of 8-bit weights applied. {@link
 * dev.wanlet.weights.checkpoint.WeightFiles} opens a file of any format, {@link
 * dev.wanlet.weights.checkpoint.Checkpoint} adds the names.
 *
 * <p>Must not enter: the parsing of a file format, which has a package of its own each, and the
 * shapes that a network asks for.
 */
package dev.wanlet.weights.checkpoint;
