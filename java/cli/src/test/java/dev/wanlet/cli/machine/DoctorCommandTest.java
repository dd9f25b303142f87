// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.ggml.Device;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
  @Test
  void listsDevicesAndLibraries() {
    CommandRun run = CommandRun.of("doctor");
    assertThat(run.code()).isZero();
    assertThat(run.out()).contains("devices:", "CPU", "ffmpeg", "Wanlet can run here.");
  }

  @Test
  void jsonNamesTheCpuWithItsMemory() throws IOException {
    JsonNode report = new ObjectMapper().readTree(CommandRun.of("doctor", "--json").out());
    assertThat(report.path("devices").findValuesAsText("name")).contains("CPU");
    assertThat(report.path("devices").path(0).path("memory_bytes").asLong()).isPositive();
    assertThat(report.path("libraries").path("ggml_tree").asText()).matches("[0-9a-f]{40}");
    assertThat(report.path("libraries").path("encoders")).isNotEmpty();
    assertThat(report.path("host").path("processors").asInt()).isPositive();
    assertThat(report.path("missing").isArray()).isTrue();
    assertThat(report.path("default_device").path("name").asText())
        .isEqualTo(Device.byName("auto").name());
  }
}
