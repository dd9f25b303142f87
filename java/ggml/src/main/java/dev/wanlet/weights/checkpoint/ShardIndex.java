// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.wanlet.base.JsonErrors;
import dev.wanlet.weights.CompositeSource;
import dev.wanlet.weights.JsonLimits;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.safetensors.SafetensorsParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Opens a checkpoint in several files by the JSON list of their tensors. Stateless. */
public final class ShardIndex {
  /** Behind the name that the files have in common. */
  public static final String SUFFIX = ".index.json";

  private static final String WEIGHT_MAP = "weight_map";

  private ShardIndex() {}

  static WeightSource open(Path index) throws IOException {
    Map<String, String> shardOfTensor;
    try (MappedFile file = MappedFile.open(index)) {
      shardOfTensor = parse(file);
    }
    Set<String> shardNames = new LinkedHashSet<>(shardOfTensor.values());
    List<WeightSource> shards = new ArrayList<>();
    try {
      Map<String, WeightTensor> tensors = new LinkedHashMap<>();
      for (String shardName : shardNames) {
        Path path = index.resolveSibling(shardName);
        if (Files.notExists(path)) {
          throw new WeightFormatException(
              index,
              String.format(
                  "the shard '%s' is not beside it; the checkpoint has %d, download the missing"
                      + " ones",
                  shardName, shardNames.size()));
        }
        WeightSource shard = WeightFiles.openFile(path);
        shards.add(shard);
        for (WeightTensor tensor : shard.tensors()) {
          if (shardName.equals(shardOfTensor.get(tensor.name()))) {
            tensors.put(tensor.name(), tensor);
          }
        }
      }
      for (Map.Entry<String, String> entry : shardOfTensor.entrySet()) {
        String name = entry.getKey();
        boolean unread = shards.stream().anyMatch(s -> s.passedOver().containsKey(name));
        if (!unread && !tensors.containsKey(name)) {
          throw new WeightFormatException(
              index,
              String.format(
                  "tensor '%s' should be in '%s' but is not; index and shards are of different"
                      + " checkpoints",
                  name, entry.getValue()));
        }
      }
      return CompositeSource.of(index.toString(), shards, tensors);
    } catch (Throwable e) {
      shards.forEach(WeightSource::close);
      throw e;
    }
  }

  /** From tensor name to the name of the file that holds it; never empty. */
  static Map<String, String> parse(MappedFile file) throws WeightFormatException {
    Path path = file.path();
    if (file.length() > SafetensorsParser.MAX_HEADER_BYTES) {
      throw new WeightFormatException(
          path, String.format("%,d bytes are too many for an index", file.length()));
    }
    Map<String, String> shards = null;
    try (JsonParser json = JsonLimits.parser(file.window(0, file.length()))) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new WeightFormatException(
            path, "not a JSON object, expected the index of a checkpoint");
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        boolean isMap = json.currentName().equals(WEIGHT_MAP);
        JsonToken value = json.nextToken();
        if (!isMap) {
          json.skipChildren();
        } else if (value != JsonToken.START_OBJECT || shards != null) {
          throw new WeightFormatException(path, "expected one object '" + WEIGHT_MAP + "'");
        } else {
          shards = readMap(json, path);
        }
      }
      if (json.nextToken() != null) {
        throw new WeightFormatException(path, "there is something behind the JSON object");
      }
    } catch (WeightFormatException e) {
      throw e;
    } catch (IOException e) {
      throw new WeightFormatException(path, JsonErrors.describe(e), e);
    }
    if (shards == null || shards.isEmpty()) {
      throw new WeightFormatException(
          path,
          "no '" + WEIGHT_MAP + "' with tensors in it; this is not the index of a checkpoint");
    }
    return shards;
  }

  private static Map<String, String> readMap(JsonParser json, Path path) throws IOException {
    Map<String, String> shards = new LinkedHashMap<>();
    Map<String, String> sameName = new LinkedHashMap<>();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String tensor = json.currentName();
      if (json.nextToken() != JsonToken.VALUE_STRING) {
        throw new WeightFormatException(
            path, "the file of tensor '" + tensor + "' is not a string");
      }
      String shard = json.getText().replaceFirst("^(\\./)+", "");
      if (!isPlainFileName(shard)) {
        // An index must not make us open files elsewhere on the disk.
        throw new WeightFormatException(
            path,
            String.format(
                "tensor '%s' is said to be in '%s', expected the name of a file beside the index",
                tensor, shard));
      }
      sameName.putIfAbsent(shard, shard);
      if (shards.putIfAbsent(tensor, sameName.get(shard)) != null) {
        throw new WeightFormatException(path, "tensor '" + tensor + "' is there twice");
      }
    }
    return shards;
  }

  private static boolean isPlainFileName(String name) {
    return !name.isEmpty()
        && name.length() <= 255
        && !name.equals(".")
        && !name.equals("..")
        && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ');
  }
}
