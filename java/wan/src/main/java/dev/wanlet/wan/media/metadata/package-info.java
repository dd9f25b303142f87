// SPDX-License-Identifier: Apache-2.0
/**
 * The settings in a file: {@link dev.wanlet.wan.media.metadata.VideoMetadata} is one JSON object,
 * carried as a comment by MP4, WebM, GIF, PNG, JPEG and WebP, and the command line that can be made
 * of it.
 *
 * <p>What must not enter: which settings there are and what they mean. Names and values are taken
 * as they come; the package {@code request} knows them.
 */
package dev.wanlet.wan.media.metadata;
