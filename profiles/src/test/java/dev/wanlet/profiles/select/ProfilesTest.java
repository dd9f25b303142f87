// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.wan.catalog.RequestException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProfilesTest {
  private static final String MINE =
      """
      {"name": "mine", "title": "for me", "largestPixels": 400000, "stepsShare": 0.5,
       "seconds": 3, "patienceMinutes": 10}
      """;

  @TempDir private Path folder;

  @Test
  void thoseThatComeAlongGoFromFastToFine() {
    Profiles profiles = Profiles.standard();
    assertThat(profiles.all())
        .extracting(Profile::name)
        .containsExactly("draft", "balanced", "quality");
    assertThat(profiles.require("auto")).isEqualTo(profiles.require("balanced"));
    assertThat(profiles.require("quality").patienceSeconds()).isInfinite();
  }

  @Test
  void aFolderAddsProfilesAndMayReplaceSome() throws IOException {
    Files.writeString(folder.resolve("a.json"), MINE);
    Files.writeString(folder.resolve("b.json"), MINE.replace("\"mine\"", "\"draft\""));
    Files.writeString(folder.resolve("notes.txt"), "no profile");
    Profiles profiles = Profiles.with(folder);
    assertThat(profiles.require("mine").seconds()).isEqualTo(3);
    assertThat(profiles.require("draft").title()).isEqualTo("for me");
    assertThat(profiles.all()).hasSize(4);
    assertThat(Profiles.with(folder.resolve("missing")).all()).hasSize(3);
  }

  @Test
  void anUnknownNameListsWhatThereIs() {
    assertThatThrownBy(() -> Profiles.standard().require("turbo"))
        .isInstanceOf(RequestException.class)
        .hasMessage("there is no profile 'turbo'; expected auto, draft, balanced, quality");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"seconds\": 3        | \"seconds\": 60      | seconds is 60.0; expected 0.1 to 16",
        "\"stepsShare\": 0.5   | \"stepsShare\": 0    | stepsShare is 0.0",
        "\"name\": \"mine\"    | \"name\": \"Mine!\"  | name is Mine!",
        "\"title\": \"for me\" | \"titel\": \"x\"     | 'title' is missing",
        "\"seconds\": 3        | \"seconds\": 3, \"x\": 1 | 'x' is not part of one (line 2)",
        "\"seconds\": 3        | \"seconds\": true    | 'seconds' is missing, or not of the right kind",
        "\"seconds\": 3,       | \"seconds\": 3       | line 2",
      })
  void aWrongFileIsNamedWithTheReason(String right, String wrong, String reason)
      throws IOException {
    Path file = Files.writeString(folder.resolve("wrong.json"), MINE.replace(right, wrong));
    assertThatThrownBy(() -> Profiles.read(file))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("wrong.json is not a profile")
        .hasMessageContaining(reason)
        .message()
        .doesNotContain("REDACTED", "StreamReadFeature", "dev.wanlet", "\n");
  }

  @Test
  void theSchemaNamesWhatAProfileHas() throws IOException {
    JsonNode schema =
        new ObjectMapper().readTree(ProfilesTest.class.getResourceAsStream("schema.json"));
    List<String> properties = new ArrayList<>();
    schema.get("properties").fieldNames().forEachRemaining(properties::add);
    assertThat(properties)
        .containsExactlyElementsOf(
            Arrays.stream(Profile.class.getRecordComponents()).map(c -> c.getName()).toList());
  }
}
