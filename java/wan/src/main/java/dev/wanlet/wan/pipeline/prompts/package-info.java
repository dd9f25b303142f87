// SPDX-License-Identifier: Apache-2.0
/**
 * Prompts that were encoded before, kept in the user's cache folder.
 *
 * <p>Must not enter: how a prompt is encoded ({@code model.umt5}), and when ({@code pipeline}).
 */
package dev.wanlet.wan.pipeline.prompts;
