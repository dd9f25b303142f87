// SPDX-License-Identifier: Apache-2.0
/** Fits of latents' colours for previews. */
package dev.wanlet.bench.preview;
