// SPDX-License-Identifier: Apache-2.0
/**
 * CLIP's vision tower: pictures in, features for the image branch of the transformer out. {@link
 * dev.wanlet.wan.model.clip.ClipConfig} holds its numbers, {@link
 * dev.wanlet.wan.model.clip.ClipVision} its weights; {@code ClipOuter} and {@code ClipBlock} read
 * like the reference, and {@code ClipBatch} takes pictures through them.
 *
 * <p>Source: Wan2.1 wan/modules/clip.py.
 *
 * <p>Must not enter: picture files and their sizes ({@code media}), and budgets ({@code memory}).
 */
package dev.wanlet.wan.model.clip;
