// SPDX-License-Identifier: Apache-2.0
/**
 * Pictures of a clip that is being made: what previews are asked for, and colours of latents
 * without a decoder.
 *
 * <p>Must not enter: the run that is looked at ({@code pipeline}).
 */
package dev.wanlet.wan.pipeline.preview;
