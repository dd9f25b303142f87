// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.WeightFormatException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every place where training tools leave alpha, with matrices of rank 4. */
class AdapterScaleTest {
  private static final String Q = "blocks.0.self_attn.q";
  private static final String K = "blocks.0.self_attn.k";
  private static final Map<String, Shape> MODEL =
      Map.of(Q + ".weight", Shape.of(2, 3), K + ".weight", Shape.of(2, 3));

  @TempDir Path directory;
  private final AdapterBuilder file = new AdapterBuilder();
  private String name = "adapter.safetensors";

  @BeforeEach
  void putMatrices() {
    put("transformer.");
  }

  private void put(String prefix) {
    file.put(prefix + Q + ".lora_A.weight", new float[12], 4, 3);
    file.put(prefix + Q + ".lora_B.weight", new float[8], 2, 4);
  }

  @Test
  void withoutAlphaTheScaleIsTheStrength() throws Exception {
    assertThat(scale(0.8)).isEqualTo(0.8);
  }

  @ParameterizedTest
  @CsvSource({"2, 0.5", "8, 2", "0, 0", "-4, -1"})
  void aTensorIsDividedByTheRank(float alpha, double scale) throws Exception {
    file.put("transformer." + Q + ".alpha", new float[] {alpha});
    assertThat(scale(1)).isEqualTo(scale);
  }

  @Test
  void strengthMultipliesAlpha() throws Exception {
    file.put("transformer." + Q + ".alpha", new float[] {2});
    assertThat(scale(-1.5)).isEqualTo(-0.75);
  }

  @Test
  void diffusersWritesJsonIntoTheMetadata() throws Exception {
    file.say(
        "lora_adapter_metadata",
        "{\"transformer.r\": 4, \"transformer.lora_alpha\": 8, \"transformer.alpha_pattern\": {},"
            + " \"transformer.target_modules\": [\"to_q\"], \"transformer.bias\": \"none\"}");
    assertThat(scale(1)).isEqualTo(2);
    assertThat(match(1).summary()).contains("alpha from its lora_adapter_metadata of transformer");
  }

  @ParameterizedTest
  @CsvSource({"lora_alpha, r", "alpha, r", "transformer.lora_alpha, transformer.r", "alpha, rank"})
  void othersWriteItPlainly(String alpha, String rank) throws Exception {
    file.say(alpha, "8").say(rank, "4");
    assertThat(scale(1)).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"alpha", "lora_alpha"})
  void someWriteItForEachModule(String key) throws Exception {
    file.say("transformer." + Q + "." + key, "2.0").say("transformer.lora_alpha", "16");
    assertThat(scale(1)).isEqualTo(0.5);
  }

  @ParameterizedTest
  @ValueSource(strings = {"None", "", "null"})
  void wordsForNothingAreNothing(String value) throws Exception {
    file.say("lora_alpha", value);
    assertThat(scale(1)).isEqualTo(1);
  }

  @Test
  void anAlphaThatIsNoNumberIsRefusedUnlessItMayMeanSomethingElse() throws Exception {
    file.say("alpha", "yes");
    assertThat(scale(1)).isEqualTo(1);
    file.say("lora_alpha", "much");
    assertRefused("'lora_alpha' is 'much', expected a number");
  }

  @Test
  void tensorsComeBeforeMetadata() throws Exception {
    file.say("lora_alpha", "16").put("transformer." + Q + ".alpha", new float[] {2});
    assertThat(scale(1)).isEqualTo(0.5);
  }

  /** Its converter multiplies alpha into the matrices and leaves the entry. */
  @Test
  void kohyasEntryIsNotAppliedAndSaidSo() throws Exception {
    file.say("ss_network_alpha", "2").say("ss_network_dim", "4");
    assertThat(scale(1)).isEqualTo(1);
    assertThat(match(1).summary()).contains("ss_network_alpha 2 of its metadata");
    file.put("transformer." + Q + ".alpha", new float[] {4});
    assertThat(match(1).summary()).doesNotContain("ss_network_alpha");
  }

  @Test
  void peftWritesAFileBeside() throws Exception {
    name = "adapter_model.safetensors";
    config("{\"peft_type\": \"LORA\", \"r\": 4, \"lora_alpha\": 8}");
    assertThat(scale(1)).isEqualTo(2);
    assertThat(match(1).summary()).contains("alpha from adapter_config.json");
  }

  @Test
  void aFolderStandsForTheFileInIt() throws Exception {
    config("{\"r\": 4, \"lora_alpha\": 8}");
    file.write(directory.resolve(name));
    try (LoraAdapter adapter = LoraAdapter.open(new AdapterFile(directory, 1))) {
      assertThat(LoraMatch.of(adapter, MODEL).lowRank().get(0).scale()).isEqualTo(2);
    }
  }

  @Test
  void rankStabilisedAdaptersDivideByTheRoot() throws Exception {
    config("{\"r\": 4, \"lora_alpha\": 8, \"use_rslora\": true}");
    assertThat(scale(1)).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource({
    "self_attn.q, 1",
    "q, 1",
    "blocks\\\\.\\\\d+\\\\.self_attn\\\\.q, 1",
    "attn.q, 2",
    "self_attn.k, 2"
  })
  void modulesMayHaveAlphasOfTheirOwn(String pattern, double scale) throws Exception {
    config("{\"r\": 4, \"lora_alpha\": 8, \"alpha_pattern\": {\"" + pattern + "\": 4}}");
    assertThat(scale(1)).isEqualTo(scale);
  }

  @Test
  void modulesMayHaveRanksOfTheirOwn() throws Exception {
    file.put("transformer." + K + ".lora_A.weight", new float[24], 8, 3);
    file.put("transformer." + K + ".lora_B.weight", new float[16], 2, 8);
    config("{\"r\": 4, \"lora_alpha\": 8, \"rank_pattern\": {\"k\": 8}}");
    LoraMatch match = match(1);
    assertThat(match.lowRank()).extracting(LoraMatch.LowRank::scale).containsExactly(2.0, 1.0);
    assertThat(match.notes()).containsExactly("alpha from adapter_config.json");
  }

  @Test
  void aRankThatIsNotThatOfTheMatricesIsSaid() throws Exception {
    config("{\"r\": 16, \"lora_alpha\": 8}");
    assertThat(scale(1)).isEqualTo(2);
    assertThat(match(1).summary())
        .contains("adapter_config.json speaks of rank 16")
        .contains("have 4");
  }

  @Test
  void aConfigurationAmongManyFilesIsNotTakenForOurs() throws Exception {
    config("{\"r\": 4, \"lora_alpha\": 8}");
    Files.createFile(directory.resolve("another.safetensors"));
    assertThat(scale(1)).isEqualTo(1);
    assertThat(match(1).summary()).contains("adapter_config.json beside it is not used");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"peft_type\": \"LOHA\"}|of the kind LOHA",
        "{\"peft_type\": \"LORA\", \"use_dora\": true, \"lora_alpha\": 8}|DoRA",
        "{\"lora_alpha\"|adapter_config.json is damaged: not valid JSON",
        "[8]|expected a JSON object",
        "{\"lora_alpha\": 8, \"alpha_pattern\": {\"(\": 4}}|no pattern of module names",
        "{\"lora_alpha\": 8, \"alpha_pattern\": 4}|no JSON object of numbers",
        "{\"lora_alpha\": 8, \"alpha_pattern\": {\".*.*.*.*.*.*=\": 4}}|no pattern of"
            + " module names"
      })
  void refusesWhatItDoesNotUnderstand(String json, String message) throws Exception {
    config(json);
    assertRefused(message);
  }

  /** The matrices are the first expert's, in spite of the other's entry. */
  @Test
  void takesTheEntryOfTheRightNetwork() throws Exception {
    file.say(
        "lora_adapter_metadata",
        "{\"transformer_2.lora_alpha\": 1, \"transformer.lora_alpha\": 8,"
            + " \"text_encoder.lora_alpha\": 64}");
    assertThat(scale(1)).isEqualTo(2);
  }

  @Test
  void anAlphaThatIsNotFiniteIsRefused() {
    file.put("transformer." + Q + ".alpha", new float[] {Float.NaN});
    assertRefused(".alpha' is NaN");
  }

  @Test
  void anAlphaOfSeveralNumbersIsRefused() {
    file.put("transformer." + Q + ".alpha", new float[] {1, 2}, 2);
    assertRefused("is not one number");
  }

  private void config(String json) throws Exception {
    Files.writeString(directory.resolve("adapter_config.json"), json);
  }

  private LoraMatch match(double strength) throws Exception {
    try (LoraAdapter adapter = file.open(directory.resolve(name), strength)) {
      return LoraMatch.of(adapter, MODEL);
    }
  }

  private double scale(double strength) throws Exception {
    List<LoraMatch.LowRank> changes = match(strength).lowRank();
    assertThat(changes).hasSize(1);
    return changes.get(0).scale();
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> match(1))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("Stream");
  }
}
