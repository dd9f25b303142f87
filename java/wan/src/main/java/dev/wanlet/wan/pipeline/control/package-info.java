// SPDX-License-Identifier: Apache-2.0
/**
 * What a model with a control branch is shown of videos, masks and pictures: {@link
 * dev.wanlet.wan.pipeline.control.ControlClip} reads them, fits them to the clip in time and space,
 * and has them encoded.
 */
package dev.wanlet.wan.pipeline.control;
