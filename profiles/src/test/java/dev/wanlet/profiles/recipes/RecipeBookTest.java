// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SamplingSettings;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.ExpertSchedule;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeBookTest {
  private static final String GOOD =
      """
      name: mine
      title: My own
      source: me
      models: [tiny-wan]
      settings:
        sampling-method: euler
        sigmas: [1, 0.5]
      """;

  @TempDir private Path folder;

  private SamplingSettings sampling(SamplingRecipe recipe, ModelDefaults model) {
    GenerationRequest.Builder request =
        GenerationRequest.builder()
            .set(recipe.settings())
            .prompt("a fox")
            .output(folder.resolve("fox.mp4"));
    if (model.transformer().variant().takesPictures()) {
      request.picture(picture());
    }
    return request.build(model).sampling();
  }

  private Path picture() {
    Path file = folder.resolve("fox.png");
    try {
      ImageIO.write(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB), "png", file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file;
  }

  static Stream<SamplingRecipe> all() {
    return RecipeBook.standard().recipes().stream();
  }

  @Test
  void everyFileOfTheFolderIsInTheBook() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("recipes"))) {
      assertThat(
              files
                  .map(f -> f.getFileName().toString())
                  .filter(n -> n.endsWith(".yaml"))
                  .map(n -> n.substring(0, n.length() - 5)))
          .containsExactlyInAnyOrderElementsOf(all().map(SamplingRecipe::name).toList());
    }
  }

  @Test
  void everyRecipeGoesWithItsModels() {
    for (SamplingRecipe recipe : RecipeBook.standard().recipes()) {
      assertThat(recipe.models().isEmpty())
          .as(recipe.name())
          .isEqualTo(recipe.refusal().isPresent());
      for (String id : recipe.models()) {
        SamplingSettings s = sampling(recipe, ModelCatalog.standard().require(id));
        assertThat(s.steps()).as(recipe.name()).isBetween(1, 12);
        assertThat(recipe.settings().find(Settings.GUIDANCE_SCALE)).as(recipe.name()).contains(1.0);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lightx2v|wan2.1-t2v-14b|1000 937.5 833.3 625|0",
        "lightx2v-2.2|wan2.2-t2v-a14b|1000 937.5 833.3 625|2",
        "lightning-4|wan2.2-i2v-a14b|1000 937.5 833.3 625|2",
        "lightning-8|wan2.2-t2v-a14b|1000 972.2 937.5 892.9 833.3 750 625 416.7|4",
        "fastwan|wan2.1-t2v-1.3b|1000 757 522|0",
        "fastwan-5b|wan2.2-ti2v-5b|1000 939.7 845.2|0",
        "turbo-5b|wan2.2-ti2v-5b|1000 937.5 833.3 625|0",
        "rcm|wan2.1-t2v-14b|987.7 933.8 852.9 609.0|0",
        "rcm-i2v|wan2.2-i2v-a14b|995.0 933.8 852.9 609.0|2"
      })
  void theLevelsAreThoseThatWerePublished(String name, String model, String timesteps, int high) {
    SamplingRecipe recipe = RecipeBook.standard().require(name);
    SamplingSettings s = sampling(recipe, ModelCatalog.standard().require(model));
    String[] expected = timesteps.split(" ");
    assertThat(s.steps()).isEqualTo(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(s.schedule().timestep(i)).isEqualTo(Float.parseFloat(expected[i]), within(0.06f));
    }
    assertThat(s.isGuided()).isFalse();
    if (high > 0) {
      assertThat(s.experts().firstLowStep()).isEqualTo(high);
    }
  }

  @Test
  void threePhasesAreGuidedOnlyAtTheStart() {
    SamplingRecipe recipe = RecipeBook.standard().require("Three-Phases");
    SamplingSettings s = sampling(recipe, ModelCatalog.standard().require("wan2.2-t2v-a14b"));
    ExpertSchedule experts = s.experts();
    assertThat(IntStream.range(0, 8).mapToDouble(experts::guideScale))
        .containsExactly(3.5, 3.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0);
    assertThat(experts.firstLowStep()).isEqualTo(5);
    assertThat(recipe.adapters().get(0).below()).hasValue(0.965);
  }

  @Test
  void aUsersOwnIsAddedAndReplaces() throws IOException {
    write("mine", GOOD);
    write("fast", GOOD.replace("name: mine", "name: fast"));
    RecipeBook book = RecipeBook.with(folder);
    assertThat(book.require("mine").values())
        .isEqualTo(Map.of("sampling-method", "euler", "sigmas", "1,0.5"));
    assertThat(book.require("fast").title()).isEqualTo("My own");
    assertThat(book.own()).containsKeys("mine", "fast").hasSize(2);
    assertThat(book.recipes()).hasSize(RecipeBook.standard().recipes().size() + 1);
    assertThat(RecipeBook.with(folder.resolve("none")).own()).isEmpty();
  }

  @Test
  void unknownNamesListTheOthers() {
    assertThatThrownBy(() -> RecipeBook.standard().require("quick"))
        .isInstanceOf(RequestException.class)
        .hasMessageStartingWith("no sampling recipe 'quick'; expected one of fast, lightx2v,")
        .hasMessageNotContaining("nvfp4");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name: mine|name: other|name is 'other'; expected that of the file, 'mine'",
        "title: My own|titel: My own|unknown entry 'titel'",
        "source: me|source: [me]|'source' is missing, or no text",
        "models: [tiny-wan]|models: tiny-wan|'models' is no list of texts",
        "models: [tiny-wan]|models: []|'models' is no list of texts",
        "models: [tiny-wan]|notes: a|expected either models and settings, or refused",
        "sigmas: [1, 0.5]|sigmas: [0.5, 1]|sigmas: noise levels 0.5,1: noise levels must fall",
        "sigmas: [1, 0.5]|sigmas: {a: 1}|sigmas: '{",
        "sigmas: [1, 0.5]|steps: four|steps: 'four' is not an int",
        "sigmas: [1, 0.5]|recipe: fast|settings has the unknown entry 'recipe'",
        "sigmas: [1, 0.5]|prompt: fox|settings has the unknown entry 'prompt'",
        "sampling-method: euler|sampling-method: heun|unknown sampling method 'heun'",
        "sampling-method: euler|sigmas: [1]|it is not YAML: Duplicate field 'sigmas'",
        "source: me|'source: \"a'|it is not YAML",
        "source: me|'source: me\nsigns: {files: [\"(\"]}'|'(' is no regular expression",
        "source: me|'source: me\nadapters: [{file: a, strength: 11}]'|strength is 11; expected a",
        "source: me|'source: me\nadapters: [{file: a, expert: left}]'|expected both, high or low",
        "source: me|'source: me\nadapters: [{strength: 1}]'|'file' is missing, or no text"
      })
  void whatIsNotUnderstoodIsNamed(String was, String is, String problem) throws IOException {
    Path file = write("mine", GOOD.replace(was, is.replace("\\n", "\n")));
    assertThatThrownBy(() -> RecipeBook.with(folder))
        .isInstanceOf(RecipeException.class)
        .hasMessageStartingWith(file + ": not a sampling recipe: ")
        .hasMessageContaining(problem);
  }

  @Test
  void anotherEncodingIsNamed() throws IOException {
    Path file = folder.resolve("mine.yaml");
    Files.writeString(file, GOOD + "# caf\u00e9\n", StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> RecipeBook.with(folder))
        .isInstanceOf(RecipeException.class)
        .hasMessage(file + ": not a sampling recipe: it is not text in UTF-8; save it so");
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name + ".yaml"), text);
  }

  @Test
  void adaptersAreKnownByName() {
    AdapterNeed need = RecipeBook.standard().require("lightning-4").adapters().get(0);
    assertThat(need.fits(Path.of("/loras/Wan2.2-Lightning_T2V_HIGH.safetensors"))).isTrue();
    assertThat(need.fits(Path.of("/lightning-high/low.safetensors"))).isFalse();
    assertThat(need).hasToString("*lightning*high* (strength 1.0, high-noise expert)");
    assertThat(List.of("fast", "lightx2v"))
        .allSatisfy(n -> assertThat(RecipeBook.standard().require(n).adapters()).hasSize(1));
  }
}
