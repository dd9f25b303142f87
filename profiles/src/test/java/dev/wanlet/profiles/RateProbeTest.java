// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.memory.DeviceRates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RateProbeTest {
  @TempDir Path folder;

  @Test
  void measuresOnceAndRemembers() throws IOException {
    int live = Ggml.liveObjects();
    RateProbe probe = new RateProbe(folder.resolve("cache"));
    DeviceRates first = probe.rates(Device.cpu(), 1);
    assertThat(first.flops()).isGreaterThan(1e8);
    assertThat(first.uploadBytesPerSecond()).isGreaterThan(1e7);
    assertThat(probe.rates(Device.cpu(), 1)).isEqualTo(first);
    assertThat(Ggml.liveObjects()).isEqualTo(live);
  }

  @Test
  void aDamagedMemoryIsMeasuredAnew() throws IOException {
    RateProbe probe = new RateProbe(folder);
    probe.rates(Device.cpu(), 1);
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.writeString(file, "{");
      }
    }
    assertThat(probe.rates(Device.cpu(), 1).flops()).isGreaterThan(1e8);
  }
}
