// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ModelsCommandTest {
  @Test
  void listsEveryModelAndWhereFilesGo() {
    CommandRun run = CommandRun.of("models");
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .contains("tiny-wan", "wan2.2-ti2v-5b", "Wan-AI/Wan2.1-T2V-14B", "--diffusion-model");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void jsonIsOneObject() throws IOException {
    JsonNode models = new ObjectMapper().readTree(CommandRun.of("models", "--json").out());
    assertThat(models.path("models")).hasSize(11);
    assertThat(models.path("models").findValuesAsText("id")).contains("wan2.2-t2v-a14b");
    JsonNode one =
        new ObjectMapper()
            .readTree(CommandRun.of("models", "wan2.2-t2v-a14b", "--json").out())
            .path("models")
            .path(0);
    assertThat(one.path("expert_boundary").asDouble()).isEqualTo(0.875);
    assertThat(one.path("high_noise_guidance_scale").asDouble()).isEqualTo(4);
  }

  @Test
  void unknownModelsAreAUsageError() {
    CommandRun run = CommandRun.of("models", "wan9");
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("'wan9'", "tiny-wan").hasLineCount(1);
  }
}
