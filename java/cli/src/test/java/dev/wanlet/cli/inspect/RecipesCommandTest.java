// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class RecipesCommandTest {
  @Test
  void allAreListedWithTheirSettingsAndTheRefusedWithTheReason() {
    CommandRun run = CommandRun.of("recipes");
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .contains("lightning-4")
        .contains("steps 4, sampling-method euler, cfg-scale 1.0")
        .contains("does not run here: it makes a clip block by block")
        .contains("NAME.yaml");
  }

  @Test
  void jsonHasTheValuesUnderTheNamesOfFlags() throws IOException {
    JsonNode all = new ObjectMapper().readTree(CommandRun.of("recipes", "--json").out());
    JsonNode fastwan = null;
    for (JsonNode recipe : all.path("recipes")) {
      fastwan = recipe.path("name").asText().equals("fastwan") ? recipe : fastwan;
    }
    assertThat(fastwan).isNotNull();
    assertThat(fastwan.at("/settings/sigmas").asText()).isEqualTo("1,0.757,0.522");
    assertThat(fastwan.path("models").get(0).asText()).isEqualTo("wan2.1-t2v-1.3b");
  }

  @Test
  void oneIsShownInFull() throws IOException {
    CommandRun run = CommandRun.of("recipes", "show", "three-phases");
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .contains("--guidance-interval")
        .contains("sigma:0.965,1")
        .contains("high-noise expert, below noise level 0.965");
    String json = CommandRun.of("recipes", "show", "SLA", "--json").out();
    assertThat(new ObjectMapper().readTree(json).path("refused").asText())
        .contains("linear branch");
  }

  @Test
  void unknownOnesAreUsageErrors() {
    CommandRun run = CommandRun.of("recipes", "show", "magic");
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("no sampling recipe 'magic'; expected one of fast");
  }
}
