// SPDX-License-Identifier: Apache-2.0
/**
 * The umT5 text encoder: token ids in, the context of the transformer's cross-attention out. {@link
 * dev.wanlet.wan.model.umt5.Umt5Encoder} is the network, {@link
 * dev.wanlet.wan.model.umt5.Umt5Config} its numbers, {@link dev.wanlet.wan.model.umt5.Umt5Memory}
 * what it takes. Token rows are gathered on the host by {@link
 * dev.wanlet.wan.model.umt5.TokenEmbedding}.
 *
 * <p>Source: Wan2.1 wan/modules/t5.py.
 *
 * <p>Must not enter: tokenisation and the cleaning of prompts ({@code text}), and the order in
 * which blocks get to the device ({@code nn}).
 */
package dev.wanlet.wan.model.umt5;
