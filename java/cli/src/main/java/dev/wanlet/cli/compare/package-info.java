// SPDX-License-Identifier: Apache-2.0
/**
 * Commands that judge clips: what measures say of any files ({@code score}).
 *
 * <p>Must not enter: the measuring itself; it is {@code wan.quality}.
 */
package dev.wanlet.cli.compare;
