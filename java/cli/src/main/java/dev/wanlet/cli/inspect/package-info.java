// SPDX-License-Identifier: Apache-2.0
/**
 * Commands that look and change nothing: what a file is ({@code inspect}), which models there are
 * ({@code models}), how close a network comes to its reference ({@code parity}).
 *
 * <p>Must not enter: the reading and comparing itself; it belongs to the catalog, to the weight
 * files and to {@code wan.parity}, and the commands print what those find.
 */
package dev.wanlet.cli.inspect;
