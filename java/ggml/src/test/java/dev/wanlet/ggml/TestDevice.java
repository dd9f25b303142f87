// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

/** The device that the tests tagged {@code device} run on. */
final class TestDevice {
  private TestDevice() {}

  /** The device of {@code -Dwanlet.test.device}; one that is not there fails the test. */
  static Device requested() {
    String name = System.getProperty("wanlet.test.device", "");
    if (name.isBlank()) {
      throw new IllegalStateException(
          "name the device to test: -Dwanlet.test.device=Vulkan0 (one of " + Device.all() + ")");
    }
    return Device.byName(name);
  }
}
