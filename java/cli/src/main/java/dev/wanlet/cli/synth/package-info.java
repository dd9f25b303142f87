// SPDX-License-Identifier: Apache-2.0
/**
 * Models of random weights. {@link dev.wanlet.cli.synth.PublishedTensors} knows the tensors of each
 * published model, {@link dev.wanlet.cli.synth.Synthesizer} writes them.
 */
package dev.wanlet.cli.synth;
