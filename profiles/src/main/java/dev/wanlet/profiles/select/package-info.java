// SPDX-License-Identifier: Apache-2.0
/**
 * Chooses model, quantisation recipe, size, length and steps for a machine: {@link
 * dev.wanlet.profiles.select.Selector} looks through what a {@link dev.wanlet.profiles.select.Wish}
 * leaves open, plans the likeliest, and says what was given up.
 *
 * <p>Must not enter: how much memory something takes and how long ({@code wan.memory}), and how a
 * machine is measured.
 */
package dev.wanlet.profiles.select;
