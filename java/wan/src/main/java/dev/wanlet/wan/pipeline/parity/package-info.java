// SPDX-License-Identifier: Apache-2.0
/**
 * Runs networks and samplers on folders of reference tensors and reports the error of every named
 * activation. {@link dev.wanlet.wan.pipeline.parity.ParityRunner} is the entry; each kind of folder
 * has a {@link dev.wanlet.wan.pipeline.parity.ParityCase}.
 */
package dev.wanlet.wan.pipeline.parity;
