// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Finding tokenizer files, and what is said about bad ones. */
class TokenizerFilesTest {
  @TempDir Path folder;

  private Path put(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, TextFixtures.bytes(TextFixtures.IDENTITY));
  }

  @ParameterizedTest
  @CsvSource({
    "google/umt5-xxl/spiece.model, .",
    "google/umt5-xxl/spiece.model, models_t5_umt5-xxl-enc.safetensors",
    "google/umt5-xxl/tokenizer.json, .",
    "tokenizer/spiece.model, .",
    "tokenizer/spiece.model, text_encoder",
    "tokenizer/tokenizer.json, text_encoder/model.safetensors",
    "spiece.model, .",
    "tokenizer.json, umt5.gguf",
    "my.model, my.model"
  })
  void isFoundBesideTheModel(String tokenizer, String model) throws IOException {
    Path expected = put(tokenizer);
    put("text_encoder/model.safetensors");
    Path start =
        model.equals("text_encoder")
            ? folder.resolve(model + "/model.safetensors")
            : folder.resolve(model);
    assertThat(Tokenizer.locate(start)).contains(expected);
  }

  @Test
  void theSentencePieceModelComesFirst() throws IOException {
    put("tokenizer.json");
    Path spiece = put("google/umt5-xxl/spiece.model");
    put("google/umt5-xxl/tokenizer.json");
    assertThat(Tokenizer.locate(folder)).contains(spiece);
  }

  @Test
  void noTokenizerIsNoError() throws IOException {
    put("diffusion_pytorch_model.safetensors");
    assertThat(Tokenizer.locate(folder)).isEmpty();
  }

  @Test
  void opensByName() throws IOException {
    Path spiece = put("spiece.model");
    Path json = folder.resolve("tokenizer.json");
    Files.write(
        json,
        TextFixtures.JSON.writeValueAsBytes(
            TextFixtures.exactTokenizerJson(TextFixtures.IDENTITY)));
    try (Tokenizer one = Tokenizer.open(spiece);
        Tokenizer two = Tokenizer.open(json)) {
      assertThat(one.encode("a red boat", 9)).containsExactly(two.encode("a red boat", 9));
    }
    assertThatThrownBy(() -> Tokenizer.open(folder.resolve("absent.model")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("absent.model");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 100, 4_000, 8_800, 8_881})
  void truncatedModelsAreRefused(int length) {
    byte[] whole = TextFixtures.bytes(TextFixtures.IDENTITY);
    byte[] part = java.util.Arrays.copyOf(whole, length);
    assertThatThrownBy(() -> Tokenizer.fromSpiece(part, Path.of("dir/spiece.model")))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageContaining("spiece.model")
        .hasMessageContaining("Copy spiece.model again");
  }

  @Test
  void truncatedJsonIsRefused() throws IOException {
    byte[] whole =
        TextFixtures.JSON.writeValueAsBytes(TextFixtures.t5TokenizerJson(TextFixtures.IDENTITY));
    for (int length = 0; length < whole.length; length += 97) {
      byte[] part = java.util.Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Tokenizer.fromTokenizerJson(part, Path.of("tokenizer.json")))
          .isInstanceOf(TokenizerFormatException.class)
          .hasMessageContaining("tokenizer.json");
    }
  }

  private static void refused(Consumer<ObjectNode> change, String message) {
    ObjectNode json = TextFixtures.t5TokenizerJson(TextFixtures.NMT_NFKC);
    change.accept(json);
    assertThatThrownBy(
            () ->
                Tokenizer.fromTokenizerJson(
                    TextFixtures.JSON.writeValueAsBytes(json), Path.of("tokenizer.json")))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageContaining("tokenizer.json: ")
        .hasMessageContaining(message);
  }

  @Test
  void partsOfAJsonThatCannotBeReproducedAreRefused() {
    refused(json -> json.withObject("/model").put("type", "BPE"), "model.type is 'BPE'");
    refused(json -> json.remove("model"), "no model.vocab");
    refused(json -> json.withObject("/model").putObject("vocab"), "list of pairs");
    refused(json -> json.withObject("/model").put("unk_id", 590), "the unknown id is 590");
    refused(json -> json.putNull("pre_tokenizer"), "Metaspace");
    refused(json -> json.putObject("pre_tokenizer").put("type", "ByteLevel"), "'ByteLevel'");
    refused(json -> json.putObject("normalizer").put("type", "Bert"), "'Bert'");
    refused(
        json -> ((ObjectNode) json.at("/normalizer/normalizers/2/pattern")).put("Regex", "(a+)+$"),
        "(a+)+$");
    refused(
        json ->
            ((ObjectNode) json.at("/normalizer/normalizers/0"))
                .put("precompiled_charsmap", "AAAAAA=="),
        "character map is damaged");
    refused(
        json -> ((ArrayNode) json.at("/model/vocab/300")).set(1, (String) null),
        "score of a piece");
    refused(json -> ((ArrayNode) json.at("/model/vocab/300")).set(0, "\u2581t"), "is there twice");
  }

  @Test
  void djlStaysOfflineAndKeepsToTheCacheOfWanlet() {
    Map<String, String> none = Map.of();
    assertThat(NativeUnigram.settings(none::get, none::get, folder))
        .containsOnly(
            entry("ai.djl.offline", "true"),
            entry("OPT_OUT_TRACKING", "true"),
            entry("RUST_FLAVOR", "cpu"),
            entry("DJL_CACHE_DIR", folder.toString()));
  }

  @Test
  void whatTheUserHasSetForDjlStays() {
    Map<String, String> environment = Map.of("RUST_FLAVOR", "cu121");
    Map<String, String> properties = Map.of("ENGINE_CACHE_DIR", "/engines");
    assertThat(NativeUnigram.settings(environment::get, properties::get, folder))
        .doesNotContainKeys("RUST_FLAVOR", "DJL_CACHE_DIR");
  }

  @Test
  void anOpenTokenizerHasMadeTheSettings() throws IOException {
    Tokenizer.open(put("spiece.model")).close();
    assertThat(ai.djl.util.Utils.isOfflineMode()).isTrue();
    assertThat(System.getProperty("OPT_OUT_TRACKING")).isEqualTo("true");
  }

  @Test
  void theLibraryOfThisPlatformIsInTheJar() {
    assertThat(
            TokenizerFilesTest.class.getResource("/native/lib/linux-x86_64/cpu/libtokenizers.so"))
        .isNotNull();
  }
}
