// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The published schema says what the reader reads. */
class RecipeSchemaTest {
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final String TEXT = RecipeBook.resource("recipe.schema.json");
  private static final JsonSchema SCHEMA =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(TEXT);

  private static Set<ValidationMessage> problems(String yaml) throws IOException {
    return SCHEMA.validate(YAML.readTree(yaml));
  }

  @Test
  void everyRecipeFollowsIt() throws IOException {
    List<SamplingRecipe> recipes = RecipeBook.standard().recipes();
    assertThat(recipes).hasSizeGreaterThan(15);
    for (SamplingRecipe recipe : recipes) {
      assertThat(problems(RecipeBook.resource(recipe.name() + ".yaml")))
          .as(recipe.name())
          .isEmpty();
    }
  }

  @Test
  void itHasEverySettingThatARecipeMayHave() throws IOException {
    JsonNode settings = new ObjectMapper().readTree(TEXT).at("/properties/settings/properties");
    List<String> names = new ArrayList<>();
    settings.fieldNames().forEachRemaining(names::add);
    names.add(Settings.RECIPE.name());
    assertThat(names)
        .containsExactlyInAnyOrderElementsOf(
            Settings.TABLE.listed(Setting.Section.SAMPLING).stream().map(Setting::name).toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{name: a, title: b, source: c}",
        "{name: a, title: b, source: c, models: [d], settings: {}}",
        "{name: a, title: b, source: c, models: [d], settings: {prompt: e}}",
        "{name: a, title: b, source: c, models: [d], settings: {steps: 4}, other: e}",
        "{name: a, title: b, source: c, models: [d], settings: {steps: 4}, refused: e, signs:"
            + " {files: [f]}}",
        "{name: A b, title: b, source: c, models: [d], settings: {steps: 4}}",
        "{name: a, title: b, source: c, models: [d], settings: {steps: 4}, adapters: [{}]}",
        "{name: a, title: b, source: c, refused: d}"
      })
  void whatTheReaderRefusesItRefuses(String yaml) throws IOException {
    assertThat(problems(yaml)).isNotEmpty();
    assertThat(readerRefuses(yaml)).isTrue();
  }

  private static boolean readerRefuses(String yaml) {
    try {
      RecipeReader.read("a.yaml", "a", yaml);
      return false;
    } catch (RecipeException e) {
      return true;
    }
  }
}
