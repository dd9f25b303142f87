// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

/**
 * Where the device memory of a stage goes. All sizes in bytes. Immutable.
 *
 * @param weights weights that are no blocks, or of a network without blocks
 * @param resident blocks that stay
 * @param slots what streamed blocks are loaded into, all slots together
 * @param state tensors that live through the stage
 * @param compute intermediate results
 * @param hidden bound of what the backend takes by itself, outside ggml's buffers
 */
public record DeviceBytes(
    long weights, long resident, long slots, long state, long compute, long hidden) {
  /** Of a stage that takes nothing on the device. */
  public static final DeviceBytes NONE = new DeviceBytes(0, 0, 0, 0, 0, 0);

  /** The most in ggml's buffers: what measuring buffers shows. */
  public long buffers() {
    return weights + resident + slots + state + compute;
  }

  /** The most in use. */
  public long peak() {
    return buffers() + hidden;
  }
}
