// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.ggml.Device;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
  @Test
  void listsDevicesAndLibraries() {
    CommandRun run = CommandRun.of("doctor", "--no-measure");
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .contains("devices:", "CPU", "ffmpeg", "advice:", "Wanlet can run here.")
        .doesNotContain("rates:");
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
    JsonNode rates = report.path("rates");
    assertThat(rates.path("product_flops").path("Q4_K").asDouble()).isGreaterThan(1e8);
    assertThat(rates.path("attention_32k_flops").asDouble()).isGreaterThan(1e8);
    assertThat(rates.path("disk_source").asText()).contains("Java's own files");
    assertThat(report.path("fits").findValuesAsText("profile"))
        .containsExactly("draft", "balanced", "quality");
    assertThat(report.path("fits").path(0).path("choice").asText()).startsWith("wan2.");
    assertThat(report.path("advice").isArray()).isTrue();
  }

  @Test
  void aModelThatIsNotThereIsAnError() {
    CommandRun run = CommandRun.of("doctor", "--model", "/nowhere/at/all");
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains("/nowhere/at/all");
  }
}
