// SPDX-License-Identifier: Apache-2.0
/**
 * Runs networks and samplers on folders of reference tensors and reports the error of every named
 * activation. {@link dev.wanlet.wan.parity.ParityRunner} is the entry; each kind of folder has a
 * {@link dev.wanlet.wan.parity.ParityCase}.
 */
package dev.wanlet.wan.parity;
