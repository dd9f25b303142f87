// SPDX-License-Identifier: Apache-2.0
/**
 * Fetching published files, only when the user asks for it: {@link
 * dev.wanlet.cli.fetch.ModelsGetCommand} goes through the files of a model, a {@code Download}
 * brings one of them, {@code PartFile} keeps what has come so far, and {@code HubClient} speaks to
 * the server.
 *
 * <p>Must not enter: what models there are ({@code wan.catalog}). Nothing else in Wanlet opens a
 * connection.
 */
package dev.wanlet.cli.fetch;
