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
    RateProbe probe = quietProbe(folder.resolve("cache"));
    DeviceRates first = probe.rates(Device.cpu(), 1);
    assertThat(first.flops()).isGreaterThan(1e8);
    assertThat(first.uploadBytesPerSecond()).isGreaterThan(1e7);
    assertThat(probe.rates(Device.cpu(), 1)).isEqualTo(first);
    assertThat(Ggml.liveObjects()).isEqualTo(live);
  }

  @Test
  void aLoadedMomentIsNotRemembered() throws IOException {
    DeviceRates loaded = new RateProbe(folder, () -> () -> 1.5).rates(Device.cpu(), 1);
    assertThat(loaded.source()).contains("other programs kept 1.5 processors busy");
    try (var files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
    DeviceRates quiet = quietProbe(folder).rates(Device.cpu(), 1);
    assertThat(quiet.source()).isEqualTo("measured on this machine");
    // What was measured in a quiet moment also serves later, whatever else runs then.
    assertThat(new RateProbe(folder, () -> () -> 1.5).rates(Device.cpu(), 1)).isEqualTo(quiet);
  }

  // Other builds may run beside the tests.
  private static RateProbe quietProbe(Path folder) {
    return new RateProbe(folder, () -> () -> 0.0);
  }

  @Test
  void aDamagedMemoryIsMeasuredAnew() throws IOException {
    RateProbe probe = quietProbe(folder);
    probe.rates(Device.cpu(), 1);
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.writeString(file, "{");
      }
    }
    assertThat(probe.rates(Device.cpu(), 1).flops()).isGreaterThan(1e8);
  }
}
