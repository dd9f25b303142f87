// SPDX-License-Identifier: Apache-2.0
/**
 * Videos and pictures, in and out, over the FFmpeg of the JavaCPP presets and JavaCV.
 *
 * <p>Writing: {@link dev.wanlet.wan.media.write.FrameSinks} checks a path before a run and opens a
 * {@link dev.wanlet.wan.media.write.FrameSink}, which takes frames one at a time as the VAE makes
 * them ({@link dev.wanlet.wan.media.FrameConversion}) and stores every setting in the file ({@link
 * dev.wanlet.wan.media.metadata.VideoMetadata}). Reading: {@link
 * dev.wanlet.wan.media.read.VideoReader}, {@link dev.wanlet.wan.media.read.ImageReader}. {@link
 * dev.wanlet.wan.quality.ShapeScore} tells what a clip of the demo model shows.
 *
 * <p>FFmpeg is loaded on first use. Its libraries are unpacked once, into the folder {@code
 * javacpp} of the {@linkplain dev.wanlet.base.UserCache user's cache}, unless the property {@code
 * org.bytedeco.javacpp.cachedir} names another place. The build under the LGPL is the default; the
 * Maven profile {@code gpl} takes the one with x264, which is then preferred.
 */
package dev.wanlet.wan.media;
