// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanVariant;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.vae.VaeConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ModelCatalogTest {
  private static final ModelCatalog CATALOG = ModelCatalog.standard();

  /** The table of the official configurations and READMEs. */
  @ParameterizedTest
  @CsvSource({
    "tiny-wan, 20, 3, 3, 4, 4, 16, 17, 64x64, 16",
    "wan2.1-t2v-1.3b, 50, 8, 8, 6, 6, 16, 81, 832x480, 16",
    "wan2.1-t2v-14b, 50, 3, 5, 5, 5, 16, 81, 832x480, 16",
    "wan2.1-i2v-14b-480p, 40, 3, 5, 5, 5, 16, 81, 832x480, 16",
    "wan2.1-i2v-14b-720p, 40, 3, 5, 5, 5, 16, 81, 1280x720, 16",
    "wan2.1-flf2v-14b-720p, 50, 16, 16, 5, 5, 16, 81, 1280x720, 16",
    "wan2.1-vace-1.3b, 50, 16, 16, 5, 5, 16, 81, 832x480, 16",
    "wan2.1-vace-14b, 50, 16, 16, 5, 5, 16, 81, 832x480, 16",
    "wan2.2-t2v-a14b, 40, 12, 12, 3, 4, 16, 81, 832x480, 16",
    "wan2.2-i2v-a14b, 40, 5, 5, 3.5, 3.5, 16, 81, 832x480, 16",
    "wan2.2-vace-fun-a14b, 50, 12, 12, 5, 5, 16, 81, 832x480, 16",
    "wan2.2-ti2v-5b, 50, 5, 5, 5, 5, 24, 121, 1280x704, 32"
  })
  void settingsOfEachModel(
      String id,
      int steps,
      double shift480p,
      double shift720p,
      double guidance,
      double highGuidance,
      double fps,
      int frames,
      String size,
      int multiple) {
    ModelDefaults model = CATALOG.require(id);
    assertThat(model.steps()).isEqualTo(steps);
    assertThat(model.flowShift(new FrameSize(480, 832))).isEqualTo(shift480p);
    assertThat(model.flowShift(new FrameSize(1280, 704))).isEqualTo(shift720p);
    assertThat(model.guidanceScale()).isEqualTo(guidance);
    assertThat(model.highNoiseGuidanceScale()).isEqualTo(highGuidance);
    assertThat(model.fps()).isEqualTo(fps);
    assertThat(model.frames()).isEqualTo(frames);
    assertThat(model.size()).hasToString(size);
    assertThat(model.sizeMultiple()).isEqualTo(multiple);
  }

  static List<ModelDefaults> models() {
    return CATALOG.models();
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyModelIsConsistent(ModelDefaults model) {
    assertThat(model.transformer().textDim()).isEqualTo(model.textEncoder().dim());
    assertThat(model.transformer().outChannels()).isEqualTo(model.vae().latentChannels());
    assertThat((model.frames() - 1) % model.vae().temporalStride()).isZero();
    assertThat(model.sizes())
        .allMatch(s -> s.width() % model.sizeMultiple() == 0)
        .allMatch(s -> s.height() % model.sizeMultiple() == 0);
    assertThat(CATALOG.find(model.id().toUpperCase(java.util.Locale.ROOT))).contains(model);
  }

  /** Where the program can run the VAE, its layers decide the strides. */
  @ParameterizedTest
  @MethodSource("models")
  void numbersOfAVaeAgreeWithItsLayers(ModelDefaults model) {
    ModelDefaults.VaeNumbers numbers = model.vae();
    VaeConfig config = numbers.config().orElseThrow();
    assertThat(config.family().version()).isEqualTo(numbers.version());
    assertThat(config.dim()).isEqualTo(numbers.dim());
    assertThat(config.decoderDim()).isEqualTo(numbers.decoderDim());
    assertThat(config.zDim()).isEqualTo(numbers.latentChannels());
    assertThat(config.spatialFactor()).isEqualTo(numbers.spatialStride());
    assertThat(config.temporalFactor()).isEqualTo(numbers.temporalStride());
  }

  @Test
  void negativePromptsGrowWithTheTask() {
    String text = CATALOG.require("wan2.1-t2v-14b").negativePrompt();
    String image = CATALOG.require("wan2.1-i2v-14b-480p").negativePrompt();
    String frames = CATALOG.require("wan2.1-flf2v-14b-720p").negativePrompt();
    assertThat(image).isEqualTo("镜头晃动，" + text);
    assertThat(frames).isEqualTo("镜头切换，" + image);
    assertThat(CATALOG.require("tiny-wan").negativePrompt()).isEmpty();
  }

  @Test
  void theTextEncoderIsThePublishedOne() {
    assertThat(CATALOG.require("wan2.1-t2v-14b").textEncoder()).isEqualTo(Umt5Config.XXL);
  }

  @Test
  void modelsOfEqualShapesAreToldApartByFilesAndNames() {
    WanConfig big = CATALOG.require("wan2.1-t2v-14b").transformer();
    assertThat(id(big, 1, "wan2.1-t2v-14b-Q8_0.gguf")).isEqualTo("wan2.1-t2v-14b");
    assertThat(id(big, 1, "model.gguf")).isEqualTo("wan2.1-t2v-14b");
    assertThat(id(big, 2, "a.gguf", "b.gguf")).isEqualTo("wan2.2-t2v-a14b");
    assertThat(id(big, 1, "Wan2.2-T2V-A14B-HighNoise-Q8_0.gguf")).isEqualTo("wan2.2-t2v-a14b");
    WanConfig control = CATALOG.require("wan2.1-vace-14b").transformer();
    assertThat(id(control, 1, "Wan2.1_14B_VACE-Q8_0.gguf")).isEqualTo("wan2.1-vace-14b");
    assertThat(id(control, 2, "a.gguf", "b.gguf")).isEqualTo("wan2.2-vace-fun-a14b");
    assertThat(id(control, 1, "wan2.2_fun_vace_high_noise_14B_fp8_scaled"))
        .isEqualTo("wan2.2-vace-fun-a14b");
    WanConfig image = CATALOG.require("wan2.1-i2v-14b-480p").transformer();
    assertThat(id(image, 1, "wan2.1_i2v_480p_14B_fp16")).isEqualTo("wan2.1-i2v-14b-480p");
    assertThat(id(image, 1, "wan2.1_i2v_720p_14B_fp16")).isEqualTo("wan2.1-i2v-14b-720p");
    assertThat(id(image, 1, "x")).isEqualTo("wan2.1-i2v-14b-480p");
  }

  @Test
  void unknownShapesGetCommonSettings() {
    ModelDefaults model =
        CATALOG.identify(
            new WanConfig(WanVariant.T2V, 16, 16, 2048, 8192, 256, 4096, 24), 1, List.of());
    assertThat(model.id()).isEqualTo(ModelDefaults.CUSTOM);
    assertThat(model.transformer().layers()).isEqualTo(24);
    assertThat(model.steps()).isEqualTo(50);
    ModelDefaults wide =
        CATALOG.identify(
            new WanConfig(WanVariant.TI2V, 48, 48, 2048, 8192, 256, 4096, 24), 1, List.of());
    assertThat(wide.sizeMultiple()).isEqualTo(32);
  }

  /** As in the published models of two experts, from Wan 2.2's wan/configs. */
  @ParameterizedTest
  @CsvSource({"T2V, 16, 0, 0.875", "I2V_LATENT, 36, 0, 0.9", "VACE, 16, 2, 0.875"})
  void twoFilesOfUnknownShapesAreExpertsLikeThoseOfTheirKind(
      WanVariant variant, int channels, int controlBlocks, double boundary) {
    WanConfig small = new WanConfig(variant, channels, 16, 256, 512, 256, 256, 4, 0, controlBlocks);
    WanConfig large =
        new WanConfig(variant, channels, 16, 2048, 8192, 256, 4096, 24, 0, controlBlocks);
    for (WanConfig config : List.of(small, large)) {
      ModelDefaults two = CATALOG.identify(config, 2, List.of());
      assertThat(two.id()).isEqualTo(ModelDefaults.CUSTOM);
      assertThat(two.experts()).isEqualTo(2);
      assertThat(two.expertBoundary()).hasValue(boundary);
      assertThat(CATALOG.identify(config, 1, List.of()).experts()).isEqualTo(1);
    }
    assertThat(CATALOG.identify(small, 2, List.of()).size()).hasToString("64x64");
    assertThat(CATALOG.identify(large, 2, List.of()).steps())
        .isEqualTo(variant == WanVariant.VACE ? 50 : 40);
  }

  @Test
  void twoFilesOfAKindThatIsNeverTwoExpertsAreNot() {
    WanConfig config = new WanConfig(WanVariant.TI2V, 48, 48, 2048, 8192, 256, 4096, 24);
    assertThat(CATALOG.identify(config, 2, List.of()).experts()).isEqualTo(1);
  }

  @Test
  void unknownIdsListTheKnownOnes() {
    assertThatThrownBy(() -> CATALOG.require("wan3"))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("'wan3'")
        .hasMessageContaining("wan2.2-ti2v-5b");
  }

  private static String id(WanConfig config, int files, String... names) {
    return CATALOG.identify(config, files, List.of(names)).id();
  }
}
