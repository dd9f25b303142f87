// SPDX-License-Identifier: Apache-2.0
/**
 * Pictures of a clip that is still being made: colours read off latents by a linear fit, and files
 * and sheets to show them in. Must not enter: networks (a small decoder's pictures come from the
 * pipeline) and terminals (the command line's).
 */
package dev.wanlet.wan.media.preview;
