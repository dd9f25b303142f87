// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

/** What makes frames of a clip's latents. */
public enum Decoder {
  /** The model's own VAE. */
  VAE,
  /** A small decoder: some twenty times as fast, with fewer details. */
  TAE
}
