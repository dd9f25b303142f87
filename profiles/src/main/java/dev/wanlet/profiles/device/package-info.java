// SPDX-License-Identifier: Apache-2.0
/**
 * Graphics cards on paper, from data sheets: for planning where the card itself is not at hand.
 *
 * <p>Must not enter: anything measured on this machine.
 */
package dev.wanlet.profiles.device;
