// SPDX-License-Identifier: Apache-2.0
/**
 * Videos and pictures from files, as RGB frames one at a time.
 *
 * <p>Must not enter: resizing or other changes that one network wants; a frame leaves here as it
 * was stored.
 */
package dev.wanlet.wan.media.read;
