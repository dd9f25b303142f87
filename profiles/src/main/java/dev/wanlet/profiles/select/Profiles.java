// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import dev.wanlet.wan.catalog.RequestException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
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

  /** Stands for the default; no profile has this name. */
  static final String AUTO = "auto";

  private static final List<String> BUILT_IN = resource("index").lines().toList();
  private static final String SUFFIX = ".yaml";

  /** JSON is YAML too. */
  private static final List<String> SUFFIXES = List.of(SUFFIX, ".yml", ".json");

  private static final ObjectMapper YAML =
      new ObjectMapper(
          YAMLFactory.builder()
              .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
              .disable(YAMLGenerator.Feature.SPLIT_LINES)
              .build());

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
   * @param folder with one file {@code NAME.yaml} for each; may be missing
   * @throws IOException if a file cannot be read
   * @throws RequestException if a file is not a profile; it names file and place
   */
  public static Profiles with(Path folder) throws IOException {
    Map<String, Profile> profiles = new LinkedHashMap<>(standard().byName);
    if (Files.isDirectory(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.filter(Profiles::isProfile).sorted().toList()) {
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
      return ProfileReader.read(file.toString(), Files.readString(file));
    } catch (MalformedInputException e) {
      throw new RequestException(
          file + " is not a profile: it is not text in UTF-8; save it so", e);
    }
  }

  /** The text of a profile's file. */
  public static String yaml(Profile profile) {
    try {
      return YAML.writeValueAsString(profile.values());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts and numbers can be written", e);
    }
  }

  private static boolean isProfile(Path file) {
    return SUFFIXES.stream().anyMatch(s -> file.toString().endsWith(s));
  }

  private static Profile builtIn(String name) {
    return ProfileReader.read(name + SUFFIX, resource(name + SUFFIX));
  }

  static String resource(String name) {
    try (InputStream in = Profiles.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("this build lacks the profiles' file " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All of them: from the fastest to the finest, by card, and those of the user. */
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
    Profile profile = byName.get(name.equals(AUTO) ? DEFAULT : name);
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
