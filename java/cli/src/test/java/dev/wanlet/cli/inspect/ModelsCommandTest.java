// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
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
  void everyModelMakesClipsAndIsListedWithItsFiles() {
    assertThat(ModelCatalog.standard().models()).allMatch(ModelDefaults::isRunnable);
    assertThat(CommandRun.of("models").out())
        .contains(
            "wan2.1-t2v-1.3b",
            "wan2.2-t2v-a14b",
            "2.84 GB",
            "split_files/vae/wan_2.1_vae.safetensors")
        .contains("tiny-wan-i2v", "wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors")
        .contains("wan2.2-ti2v-5b", "wan2.2_vae.safetensors")
        .contains("wan2.1-i2v-14b-480p", "split_files/clip_vision/clip_vision_h.safetensors")
        .contains("all but wan2.2-ti2v-5b", "QuantStack/Wan2.1_14B_VACE-GGUF");
  }

  @Test
  void everyPublishedModelSaysWhereItsFilesAre() {
    assertThat(ModelCatalog.standard().models())
        .filteredOn(m -> !ModelCatalog.isDemo(m.id()))
        .hasSize(11)
        .allSatisfy(m -> assertThat(m.files()).hasSizeGreaterThanOrEqualTo(2 + m.experts()));
    assertThat(CommandRun.of("models", "wan2.1-t2v-14b").out())
        .contains("14.3 GB", "Comfy-Org/Wan_2.1_ComfyUI_repackaged", "runs");
  }

  @Test
  void jsonIsOneObject() throws IOException {
    JsonNode models = new ObjectMapper().readTree(CommandRun.of("models", "--json").out());
    assertThat(models.path("models")).hasSize(13);
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
