// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

/** What a control branch is shown of the part of a video that is made anew. */
public enum MaskFill {
  /** Mid grey: nothing of what was there, as the reference prepares videos to be inpainted. */
  GREY,
  /** The video, as a control signal. */
  VIDEO
}
