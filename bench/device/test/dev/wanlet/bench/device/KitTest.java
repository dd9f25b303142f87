// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Device;
import dev.wanlet.wan.memory.DeviceRates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KitTest {
  @TempDir private Path folder;

  @Test
  void aClassThatIsMissingFailsOneMeasurement() throws Exception {
    Path results = folder.resolve("results.jsonl");
    Kit kit =
        new Kit(
            Device.cpu(),
            true,
            folder,
            folder,
            new ResultLog(results, Map.of()),
            new Progress(folder.resolve("begun"), false),
            (device, threads) -> DeviceRates.assumed(device),
            Optional.empty(),
            OptionalLong.empty());
    kit.measure(
        "part",
        "first",
        () -> {
          throw new NoClassDefFoundError("com/sun/jna/Native");
        });
    kit.measure("part", "second", Facts::new);
    assertThat(Files.readAllLines(results))
        .satisfiesExactly(
            first ->
                assertThat(first)
                    .contains("\"fail\"", "java.lang.NoClassDefFoundError: com/sun/jna/Native"),
            second -> assertThat(second).contains("\"second\"", "\"ok\""));
  }
}
