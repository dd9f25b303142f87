// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.wanlet.profiles.device.DeviceSpecs;
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
      name: mine
      title: for me
      largestPixels: 400000
      stepsShare: 0.5
      seconds: 3
      patienceMinutes: 10
      memoryGib: 8
      """;

  private static final JsonSchema SCHEMA =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
          .getSchema(Profiles.resource("profile.schema.json"));

  @TempDir private Path folder;

  @Test
  void thoseThatComeAlongGoFromFastToFine() {
    Profiles profiles = Profiles.standard();
    assertThat(profiles.all())
        .extracting(Profile::name)
        .containsExactly(
            "draft", "balanced", "quality", "4gb", "6gb", "8gb", "10gb", "12gb", "16gb", "24gb");
    assertThat(profiles.require("auto")).isEqualTo(profiles.require("balanced"));
    assertThat(profiles.require("quality").patienceSeconds()).isEqualTo(10 * 3600);
  }

  @Test
  void eachClassOfCardHasOneThatLeavesADesktopItsShare() {
    for (String name : List.of("4gb", "6gb", "8gb", "10gb", "12gb", "16gb", "24gb")) {
      Profile profile = Profiles.standard().require(name);
      assertThat(profile.deviceBytes())
          .hasValue(DeviceSpecs.standard().require(name).usableBytes());
    }
    assertThat(Profiles.standard().require("draft").deviceBytes()).isEmpty();
  }

  @Test
  void aFolderAddsProfilesAndMayReplaceSome() throws IOException {
    Files.writeString(folder.resolve("a.yaml"), MINE);
    Files.writeString(folder.resolve("b.yml"), MINE.replace("name: mine", "name: draft"));
    Files.writeString(
        folder.resolve("c.json"),
        "{\"name\": \"json\", \"title\": \"t\", \"largestPixels\": 1024, \"stepsShare\": 1,"
            + " \"seconds\": 1}");
    Files.writeString(folder.resolve("notes.txt"), "no profile");
    Profiles profiles = Profiles.with(folder);
    assertThat(profiles.require("mine").seconds()).isEqualTo(3);
    assertThat(profiles.require("draft").title()).isEqualTo("for me");
    assertThat(profiles.require("json").patienceSeconds()).isInfinite();
    assertThat(profiles.all()).hasSize(12);
    assertThat(Profiles.with(folder.resolve("missing")).all()).hasSize(10);
  }

  @Test
  void whatIsShownCanBeReadAgain() throws IOException {
    for (Profile profile : Profiles.standard().all()) {
      Path file = Files.writeString(folder.resolve("shown.yaml"), Profiles.yaml(profile));
      assertThat(Profiles.read(file)).isEqualTo(profile);
    }
  }

  @Test
  void anUnknownNameListsWhatThereIs() {
    assertThatThrownBy(() -> Profiles.standard().require("turbo"))
        .isInstanceOf(RequestException.class)
        .hasMessage(
            "there is no profile 'turbo'; expected auto, draft, balanced, quality, 4gb,"
                + " 6gb, 8gb, 10gb, 12gb, 16gb, 24gb");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "seconds: 3        | seconds: 60        | 'seconds' is 60.0; expected 0.1 to 16 (line 5)",
        "stepsShare: 0.5   | stepsShare: 0      | 'stepsShare' is 0.0; expected above 0, to 1 (line 4)",
        "name: mine        | name: Mine!        | 'name' is Mine!; expected lower-case",
        "name: mine        | name: auto         | but not auto (line 1)",
        "title: for me     | titel: for me      | 'titel' is not part of one; expected name, title,",
        "title: for me     | title: ' '         | 'title' is  ; expected a few words (line 2)",
        "title: for me     | title: 3           | 'title' is 3; expected a text (line 2)",
        "seconds: 3        | seconds: true      | 'seconds' is true; expected a number (line 5)",
        "seconds: 3        | seconds: [3]       | 'seconds' holds a list; expected one value (line 5)",
        "largestPixels: 400000 | largestPixels: 4000.5 | 'largestPixels' is 4000.5; expected a whole number",
        "memoryGib: 8      | memoryGib: 0       | 'memoryGib' is 0.0; expected 1 to 1024, or none (line 7)",
        "patienceMinutes: 10 | patienceMinutes: -1 | 'patienceMinutes' is -1.0",
        "seconds: 3        | ''                 | 'seconds' is missing",
      })
  void aWrongValueIsNamedWithItsPlace(String right, String wrong, String reason)
      throws IOException {
    String text = MINE.replace(right, wrong.equals("''") ? "" : wrong);
    assertRefused(text, reason);
    assertThat(SCHEMA.validate(new ObjectMapper(new YAMLFactory()).readTree(text)))
        .as("the schema refuses it too")
        .isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "seconds: 3    | seconds: 3\\nseconds: 4  | 'seconds' is there twice (line 6)",
        "title: for me | title: \"for me         | it is not whole and correct YAML (line",
        "memoryGib: 8  | memoryGib: 8\\n---\\na: 1   | there is more after the profile",
      })
  void aBrokenFileIsNamedWithItsPlace(String right, String wrong, String reason)
      throws IOException {
    assertRefused(MINE.replace(right, wrong.replace("\\n", "\n")), reason);
  }

  @Test
  void aFileWithoutEntriesIsNoProfile() throws IOException {
    assertRefused("draft", "it has no entries such as 'name: mine'");
    assertRefused("", "it has no entries such as 'name: mine'");
  }

  private void assertRefused(String text, String reason) throws IOException {
    Path file = Files.writeString(folder.resolve("wrong.yaml"), text);
    assertThatThrownBy(() -> Profiles.read(file))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("wrong.yaml is not a profile")
        .hasMessageContaining(reason)
        .message()
        .doesNotContain("REDACTED", "StreamReadFeature", "dev.wanlet", "\n");
  }

  @Test
  void thoseThatComeAlongFollowTheSchema() throws IOException {
    for (Profile profile : Profiles.standard().all()) {
      String text = Profiles.resource(profile.name() + ".yaml");
      assertThat(SCHEMA.validate(new ObjectMapper(new YAMLFactory()).readTree(text)))
          .as(profile.name())
          .isEmpty();
    }
  }

  @Test
  void theSchemaNamesWhatAProfileHas() throws IOException {
    JsonNode schema = new ObjectMapper().readTree(Profiles.resource("profile.schema.json"));
    List<String> properties = new ArrayList<>();
    schema.get("properties").fieldNames().forEachRemaining(properties::add);
    assertThat(properties)
        .containsExactlyElementsOf(
            Arrays.stream(Profile.class.getRecordComponents()).map(c -> c.getName()).toList());
  }
}
