// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.memory.DeviceRates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RateProbeTest {
  @TempDir Path folder;

  @Test
  void measuresOnceAndRemembers() throws IOException {
    int live = Ggml.liveObjects();
    RateProbe probe = quietProbe(folder.resolve("cache"));
    DeviceRates first = probe.of(Device.cpu(), 1);
    assertThat(first.flops()).isGreaterThan(1e8);
    assertThat(first.uploadBytesPerSecond()).isGreaterThan(1e7);
    assertThat(probe.of(Device.cpu(), 1)).isEqualTo(first);
    assertThat(Ggml.liveObjects()).isEqualTo(live);
  }

  @Test
  void aLoadedMomentIsNotRemembered() throws IOException {
    DeviceRates loaded = new RateProbe(folder, () -> () -> 1.5).of(Device.cpu(), 1);
    assertThat(loaded.source()).contains("other programs kept 1.5 processors busy");
    try (var files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
    DeviceRates quiet = quietProbe(folder).of(Device.cpu(), 1);
    assertThat(quiet.source()).isEqualTo("measured on this machine");
    // What was measured in a quiet moment also serves later, whatever else runs then.
    assertThat(new RateProbe(folder, () -> () -> 1.5).of(Device.cpu(), 1)).isEqualTo(quiet);
  }

  @Test
  void aRunMeasuresTheTypesOfItsModelAndTheDiskOfItsFile() throws IOException {
    Path file = folder.resolve("model.gguf");
    Files.write(file, new byte[(int) DiskProbe.LEAST_BYTES]);
    Path cache = folder.resolve("cache");
    Set<TensorType> types = Set.of(TensorType.Q4_K, TensorType.Q8_0, TensorType.F32);
    DeviceRates rates = quietProbe(cache).of(Device.cpu(), 1, types, List.of(file));
    assertThat(rates.types()).containsOnlyKeys(TensorType.Q4_K);
    assertThat(rates.types().get(TensorType.Q4_K).flops()).isGreaterThan(1e8);
    assertThat(rates.readBytesPerSecond()).isNotEqualTo(DeviceRates.ASSUMED_DISK).isPositive();
    assertThat(rates.source()).isEqualTo("measured on this machine, and its disk");
    Files.delete(file);
    assertThat(quietProbe(cache).of(Device.cpu(), 1, types, List.of(file)).source())
        .as("without a file the disk is assumed")
        .isEqualTo("measured on this machine");
    assertThat(quietProbe(cache).of(Device.cpu(), 1).types())
        .as("types that were measured are remembered")
        .isEqualTo(rates.types());
  }

  /** Else a plan would see no reason for chunks of more than a few tokens. */
  @Test
  void everyProductCostsMoreThanItsRows() {
    DeviceRates rates = quietProbe(folder).of(Device.cpu(), 1, Set.of(TensorType.BF16), List.of());
    assertThat(rates.overheadRows()).isBetween(32.0, 1000.0);
    assertThat(rates.types().get(TensorType.BF16).overheadRows()).isBetween(32.0, 1000.0);
  }

  @Test
  void aLoadedMomentIsMeasuredOnceInAProcess() {
    RateProbe probe = new RateProbe(folder, () -> () -> 1.5);
    DeviceRates first = probe.of(Device.cpu(), 1);
    assertThat(probe.of(Device.cpu(), 1)).isEqualTo(first);
    DeviceRates more = probe.of(Device.cpu(), 1, Set.of(TensorType.Q6_K), List.of());
    assertThat(more.flops()).isEqualTo(first.flops());
    assertThat(more.types())
        .as("types are not told apart by what others' work does")
        .isEqualTo(
            Map.of(TensorType.Q6_K, new DeviceRates.Product(first.flops(), first.overheadRows())));
    assertThat(more.source()).contains("1.5 processors busy");
  }

  // Other builds may run beside the tests.
  private static RateProbe quietProbe(Path folder) {
    return new RateProbe(folder, () -> () -> 0.0);
  }

  @Test
  void aDamagedMemoryIsMeasuredAnew() throws IOException {
    RateProbe probe = quietProbe(folder);
    probe.of(Device.cpu(), 1);
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.writeString(file, "{");
      }
    }
    assertThat(probe.of(Device.cpu(), 1).flops()).isGreaterThan(1e8);
  }
}
