// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

/** How exactly graphs compute. */
public enum Precision {
  /**
   * Production: weights in their stored types, half-precision keys and values on GPUs, fast GELU.
   */
  AUTO,
  /** Everything in F32, GELU composed from exact operations: what parity checks use. */
  F32
}
