// SPDX-License-Identifier: Apache-2.0
/**
 * From a prompt to the token ids that umT5 reads: {@link dev.wanlet.wan.text.PromptCleaner}, {@link
 * dev.wanlet.wan.text.Tokenizer}, {@link dev.wanlet.wan.text.TokenIds}.
 */
package dev.wanlet.wan.text;
