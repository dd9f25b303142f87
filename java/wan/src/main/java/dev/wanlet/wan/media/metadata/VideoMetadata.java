// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.metadata;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.wanlet.base.JsonErrors;
import dev.wanlet.base.Printable;
import dev.wanlet.wan.media.MediaException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Every setting that shaped a clip, as it is stored in the file, in the order in which it was put.
 *
 * <p>{@code settings} are keyed by the long option name without dashes ({@code prompt}, {@code
 * cfg-scale}, {@code flow-shift}, ...), so that {@link #toCommandLine()} can print the command that
 * makes the clip again. {@code provenance} holds what is not an option: versions, hashes of model
 * files, the device. A value is a string, a {@code Long}, a {@code Double}, a {@code Boolean}, or a
 * list of such.
 *
 * <p>The stored form is one JSON object in UTF-8: {@code {"schema":"wanlet-video/1","settings":
 * {...},"provenance":{...}}}. MP4, WebM and GIF carry it as the comment, PNG as an {@code iTXt}
 * chunk of the keyword "Comment", JPEG and WebP as Exif's user comment. Immutable.
 */
public final class VideoMetadata {
  /** Name and version of the stored form. */
  public static final String SCHEMA = "wanlet-video/1";

  /** The tag that carries the JSON object in MP4 and WebM. */
  public static final String TAG = "comment";

  private static final String SCHEMA_KEY = "schema";
  private static final String SCHEMA_FAMILY = "wanlet-video/";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, Object> settings;
  private final Map<String, Object> provenance;

  private VideoMetadata(Map<String, Object> settings, Map<String, Object> provenance) {
    this.settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    this.provenance = Collections.unmodifiableMap(new LinkedHashMap<>(provenance));
  }

  /** Metadata without any setting. */
  public static VideoMetadata empty() {
    return new VideoMetadata(Map.of(), Map.of());
  }

  /** Starts from nothing. */
  public static Builder builder() {
    return new Builder();
  }

  /** Option name to value, in order. */
  public Map<String, Object> settings() {
    return settings;
  }

  /** What is known of the run beside its options, in order. */
  public Map<String, Object> provenance() {
    return provenance;
  }

  /** The same with one more fact that is not an option. */
  public VideoMetadata withProvenance(String name, Object value) {
    Builder builder = builder();
    settings.forEach(builder::put);
    provenance.forEach(builder::putProvenance);
    return builder.putProvenance(name, value).build();
  }

  /** The setting of this name. */
  public Optional<Object> setting(String name) {
    return Optional.ofNullable(settings.get(name));
  }

  /** The stored form: one line of JSON. */
  public String toJson() {
    return toJson(JSON.writer());
  }

  /** The stored form with everything beyond ASCII escaped, for formats without UTF-8. */
  public String toAsciiJson() {
    return toJson(JSON.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII));
  }

  private String toJson(ObjectWriter writer) {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put(SCHEMA_KEY, SCHEMA);
    root.put("settings", settings);
    if (!provenance.isEmpty()) {
      root.put("provenance", provenance);
    }
    try {
      return writer.writeValueAsString(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("metadata holds a value that is not JSON", e);
    }
  }

  /**
   * Parses the stored form. Fields that this version does not know are skipped, a newer schema is
   * refused.
   *
   * @throws IllegalArgumentException if {@code json} is not metadata of Wanlet
   */
  public static VideoMetadata fromJson(String json) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "the comment was not written by Wanlet: it is " + JsonErrors.describe(e), e);
    }
    String schema = root == null ? "" : root.path(SCHEMA_KEY).asText();
    if (!schema.startsWith(SCHEMA_FAMILY)) {
      throw new IllegalArgumentException(
          "the comment was not written by Wanlet: it has no field 'schema' of " + SCHEMA);
    }
    if (!schema.equals(SCHEMA)) {
      throw new IllegalArgumentException(
          "settings of schema '" + Printable.name(schema) + "'; this version reads " + SCHEMA);
    }
    Builder builder = builder();
    root.path("settings").properties().forEach(e -> builder.put(e.getKey(), value(e.getValue())));
    root.path("provenance")
        .properties()
        .forEach(e -> builder.putProvenance(e.getKey(), value(e.getValue())));
    return builder.build();
  }

  private static Object value(JsonNode node) {
    if (node.isArray()) {
      List<Object> values = new ArrayList<>();
      node.forEach(v -> values.add(value(v)));
      return values;
    }
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    if (node.isIntegralNumber()) {
      return node.longValue();
    }
    return node.isNumber()
        ? (Object) node.doubleValue()
        : node.isValueNode() ? node.asText() : node.toString();
  }

  /**
   * Reads the settings back from a clip or picture that Wanlet wrote: MP4, WebM, GIF, PNG, JPEG,
   * WebP, or the path of a PNG sequence as it was given for writing.
   *
   * @throws MediaException if the file cannot be read or carries no settings of Wanlet
   */
  public static VideoMetadata read(Path file) throws IOException {
    String comment = CommentReader.read(file);
    try {
      return fromJson(comment);
    } catch (IllegalArgumentException e) {
      throw new MediaException(file, e.getMessage(), e);
    }
  }

  /** The command that makes this clip again, quoted for a POSIX shell. */
  public String toCommandLine() {
    return CommandLine.of("./wanlet generate", settings);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VideoMetadata that
        && settings.equals(that.settings)
        && provenance.equals(that.provenance);
  }

  @Override
  public int hashCode() {
    return Objects.hash(settings, provenance);
  }

  @Override
  public String toString() {
    return toJson();
  }

  /** Collects settings in order. Confined to one thread. */
  public static final class Builder {
    private final Map<String, Object> settings = new LinkedHashMap<>();
    private final Map<String, Object> provenance = new LinkedHashMap<>();

    private Builder() {}

    /**
     * Adds a setting; null is skipped, since an option that was not given has no value.
     *
     * @param name the long option name without dashes
     * @param value a string, number, boolean, path, enum constant, or a collection of these
     */
    public Builder put(String name, Object value) {
      put(settings, name, value);
      return this;
    }

    /** Adds a fact that is not an option; null is skipped. Values as in {@link #put}. */
    public Builder putProvenance(String name, Object value) {
      put(provenance, name, value);
      return this;
    }

    public VideoMetadata build() {
      return new VideoMetadata(settings, provenance);
    }

    private static void put(Map<String, Object> map, String name, Object value) {
      if (!name.matches("[A-Za-z0-9][A-Za-z0-9_.-]*")) {
        throw new IllegalArgumentException(
            "'" + name + "' is not an option name; expected letters, digits, '-', '_' and '.'");
      }
      if (value != null) {
        map.put(name, normalise(name, value));
      }
    }

    /** One Java type per kind of value, so that what is read back equals what was put. */
    private static Object normalise(String name, Object value) {
      if (value instanceof Float f) {
        // The shortest decimal form: 0.1f is stored as 0.1.
        return Double.valueOf(f.toString());
      }
      if (value instanceof Double d && (d.isNaN() || d.isInfinite())) {
        throw new IllegalArgumentException("setting '" + name + "' is " + d);
      }
      if (value instanceof Double || value instanceof Boolean || value instanceof String) {
        return value;
      }
      if (value instanceof Number n) {
        return n.longValue();
      }
      if (value instanceof Path || value instanceof Enum<?>) {
        return value.toString();
      }
      if (value instanceof Iterable<?> items && !(value instanceof Map)) {
        List<Object> values = new ArrayList<>();
        items.forEach(v -> values.add(normalise(name, v)));
        return Collections.unmodifiableList(values);
      }
      throw new IllegalArgumentException(
          "setting '" + name + "' is of " + value.getClass() + ", which has no stored form");
    }
  }
}
