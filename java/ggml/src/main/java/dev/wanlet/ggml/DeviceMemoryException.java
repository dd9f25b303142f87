// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

/**
 * A device could not give the memory that was asked for. Every object stays usable, so a caller can
 * free something, plan smaller and go on.
 */
public class DeviceMemoryException extends GgmlException {
  private static final long serialVersionUID = 1L;

  private final String device;
  private final long askedBytes;
  private final long freeBytes;

  public DeviceMemoryException(String device, long askedBytes, long freeBytes) {
    super(
        ErrorCode.OUT_OF_MEMORY,
        String.format(
            "device %s could not allocate %,d bytes (%,d bytes free); close other programs that use"
                + " it or give a smaller budget",
            device, askedBytes, freeBytes));
    this.device = device;
    this.askedBytes = askedBytes;
    this.freeBytes = freeBytes;
  }

  public String device() {
    return device;
  }

  public long askedBytes() {
    return askedBytes;
  }

  public long freeBytes() {
    return freeBytes;
  }
}
