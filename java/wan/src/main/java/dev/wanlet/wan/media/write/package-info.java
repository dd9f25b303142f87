// SPDX-License-Identifier: Apache-2.0
/**
 * Frames into files: {@link dev.wanlet.wan.media.write.FrameSinks} checks a path before a run and
 * opens one sink per format. A file gets its name only when it is complete.
 *
 * <p>Must not enter: the making of frames; sinks take RGB and know nothing of latents.
 */
package dev.wanlet.wan.media.write;
