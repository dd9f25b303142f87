// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.wanlet.wan.catalog.RequestException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The profiles that come along, and those of the user, which may replace them. Immutable. */
public final class Profiles {
  /** The profile of those who do not choose one. */
  public static final String DEFAULT = "balanced";

  /** The profile that leaves a model its own steps and sizes. */
  public static final String FINEST = "quality";

  private static final List<String> BUILT_IN = List.of("draft", "balanced", "quality");
  private static final String SUFFIX = ".json";
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();

  private final Map<String, Profile> byName;

  private Profiles(Map<String, Profile> byName) {
    this.byName = Map.copyOf(byName);
  }

  /** Those that come along. */
  public static Profiles standard() {
    Map<String, Profile> profiles = new LinkedHashMap<>();
    for (String name : BUILT_IN) {
      profiles.put(name, builtIn(name));
    }
    return new Profiles(profiles);
  }

  /**
   * Those that come along, and those of a folder.
   *
   * @param folder with one file {@code NAME.json} for each; may be missing
   * @throws IOException if a file cannot be read
   * @throws RequestException if a file is not a profile; it names file and place
   */
  public static Profiles with(Path folder) throws IOException {
    Map<String, Profile> profiles = new LinkedHashMap<>(standard().byName);
    if (Files.isDirectory(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.filter(f -> f.toString().endsWith(SUFFIX)).sorted().toList()) {
          Profile profile = read(file);
          profiles.put(profile.name(), profile);
        }
      }
    }
    return new Profiles(profiles);
  }

  /**
   * Reads one file.
   *
   * @throws IOException if it cannot be read
   * @throws RequestException if it is not a profile; it names file and place
   */
  public static Profile read(Path file) throws IOException {
    try {
      return JSON.readValue(Files.readAllBytes(file), Profile.class);
    } catch (JsonProcessingException e) {
      throw new RequestException(file + " is not a profile: " + reason(e), e);
    }
  }

  private static String reason(JsonProcessingException e) {
    if (e.getCause() instanceof RequestException cause) {
      return cause.getMessage();
    }
    String place = e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
    if (e instanceof UnrecognizedPropertyException unknown) {
      return "'" + unknown.getPropertyName() + "' is not part of one" + place;
    }
    if (e instanceof JsonMappingException wrong && !wrong.getPath().isEmpty()) {
      String field = wrong.getPath().get(0).getFieldName();
      return "'" + field + "' is missing, or not of the right kind" + place;
    }
    return "it is not whole and correct JSON" + place;
  }

  private static Profile builtIn(String name) {
    try (InputStream in = Profiles.class.getResourceAsStream(name + SUFFIX)) {
      if (in == null) {
        throw new IllegalStateException("this build lacks the profile " + name);
      }
      return JSON.readValue(in, Profile.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All of them, from the fastest to the finest, and those of the user after them. */
  public Collection<Profile> all() {
    List<Profile> all = new ArrayList<>();
    for (String name : BUILT_IN) {
      all.add(byName.get(name));
    }
    byName.keySet().stream()
        .filter(n -> !BUILT_IN.contains(n))
        .sorted()
        .forEach(n -> all.add(byName.get(n)));
    return all;
  }

  /**
   * The profile of a name; {@code auto} is the default.
   *
   * @throws RequestException if there is none; it names what there is
   */
  public Profile require(String name) {
    Profile profile = byName.get(name.equals("auto") ? DEFAULT : name);
    if (profile == null) {
      throw new RequestException(
          "there is no profile '"
              + name
              + "'; expected auto, "
              + all().stream().map(Profile::name).collect(Collectors.joining(", ")));
    }
    return profile;
  }
}
