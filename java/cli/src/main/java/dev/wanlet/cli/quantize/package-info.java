// SPDX-License-Identifier: Apache-2.0
/** What the runtime does for {@code wanlet quantize}: tokenizers, and forward passes to compare. */
package dev.wanlet.cli.quantize;
