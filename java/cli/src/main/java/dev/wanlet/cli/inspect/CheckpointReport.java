// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.inspect;

import dev.wanlet.base.Count;
import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.Table;
import dev.wanlet.cli.synth.PublishedTensors;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What a weight file holds, compared with what its network needs. Immutable. */
final class CheckpointReport {
  /** Names shown before "and N more". */
  private static final int SHOWN = 8;

  private record Tally(int tensors, long elements, long bytes) {
    static final Tally NONE = new Tally(0, 0, 0);

    Tally plus(WeightTensor t) {
      return new Tally(tensors + 1, elements + t.elements(), bytes + t.byteLength());
    }
  }

  private final Map<String, Object> facts = new LinkedHashMap<>();
  private final Map<String, Tally> types = new TreeMap<>();
  private final List<WeightTensor> tensors;
  private WeightFormatException refusal;

  private CheckpointReport(Path path, Checkpoint checkpoint) {
    WeightSource source = checkpoint.source();
    tensors = List.copyOf(source.tensors());
    Tally all = Tally.NONE;
    for (WeightTensor tensor : tensors) {
      all = all.plus(tensor);
      types.merge(tensor.type().name(), Tally.NONE.plus(tensor), (old, one) -> old.plus(tensor));
    }
    facts.put("file", path.toString());
    facts.put("files", source.files().stream().map(Path::toString).distinct().toList());
    facts.put("network", checkpoint.kind().title());
    facts.put("layout", checkpoint.layout().title());
    if (!checkpoint.others().isEmpty()) {
      facts.put("also", checkpoint.others().stream().map(CheckpointKind::title).toList());
    }
    if (!checkpoint.notes().isEmpty()) {
      facts.put("notes", checkpoint.notes());
    }
    describe(checkpoint);
    facts.put("parameters", all.elements());
    facts.put("bytes", all.bytes());
    facts.put("tensors", all.tensors());
  }

  /**
   * Opens a checkpoint and looks at its header.
   *
   * @throws IOException if it cannot be read or is damaged
   */
  static CheckpointReport read(Path path) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      return new CheckpointReport(path, checkpoint);
    }
  }

  private void describe(Checkpoint checkpoint) {
    try {
      checkpoint.requireNetwork();
    } catch (WeightFormatException e) {
      refusal = e;
    }
    try {
      if (checkpoint.kind() == CheckpointKind.TRANSFORMER) {
        describeTransformer(checkpoint.source());
      } else if (checkpoint.kind() == CheckpointKind.TEXT_ENCODER) {
        Umt5Config c = Umt5Config.infer(checkpoint.source());
        facts.put(
            "numbers",
            numbers(
                "vocab",
                c.vocab(),
                "dim",
                c.dim(),
                "ffn_dim",
                c.dimFfn(),
                "heads",
                c.numHeads(),
                "layers",
                c.numLayers()));
      }
    } catch (WeightFormatException e) {
      // A damaged or cut checkpoint is just what one inspects: say so and go on.
      facts.put("problem", e.getMessage());
    }
  }

  private void describeTransformer(WeightSource source) throws WeightFormatException {
    WanConfig c = WanConfig.infer(source);
    List<String> names = source.files().stream().map(Path::toString).toList();
    ModelDefaults model = ModelCatalog.standard().identify(c, 1, names);
    facts.put("model", model.id());
    facts.put("title", model.title());
    facts.put("variant", c.variant().name());
    facts.put(
        "numbers",
        numbers(
            "dim",
            c.dim(),
            "ffn_dim",
            c.ffnDim(),
            "heads",
            c.heads(),
            "layers",
            c.layers(),
            "in_channels",
            c.inChannels(),
            "out_channels",
            c.outChannels(),
            "text_dim",
            c.textDim()));
    Set<String> expected = PublishedTensors.transformer(model).keySet();
    List<String> found = source.tensors().stream().map(WeightTensor::name).toList();
    facts.put("missing", without(expected, found));
    facts.put("unexpected", without(found, expected));
  }

  private static List<String> without(Collection<String> names, Collection<String> others) {
    Set<String> known = Set.copyOf(others);
    return names.stream().filter(n -> !known.contains(n)).toList();
  }

  private static Map<String, Object> numbers(Object... namesAndValues) {
    Map<String, Object> numbers = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      numbers.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return numbers;
  }

  /**
   * Refuses what is no network of ours.
   *
   * @throws WeightFormatException saying what was expected, and what is nearest
   */
  void requireNetwork() throws WeightFormatException {
    if (refusal != null) {
      throw refusal;
    }
  }

  /** For {@code --json}. */
  Map<String, Object> facts(boolean withTensors) {
    Map<String, Object> all = new LinkedHashMap<>(facts);
    Map<String, Object> byType = new LinkedHashMap<>();
    types.forEach(
        (type, t) ->
            byType.put(
                type,
                numbers("tensors", t.tensors(), "parameters", t.elements(), "bytes", t.bytes())));
    all.put("types", byType);
    if (withTensors) {
      List<Object> list = new ArrayList<>();
      for (WeightTensor t : tensors) {
        list.add(
            numbers(
                "name",
                t.name(),
                "type",
                t.type().name(),
                "shape",
                t.shape().dims(),
                "bytes",
                t.byteLength()));
      }
      all.put("tensor_list", list);
    }
    return all;
  }

  /** For people. */
  String render(boolean withTensors) {
    Table table = new Table();
    facts.forEach(
        (key, value) -> {
          boolean repeats = key.equals("files") && value instanceof List<?> f && f.size() == 1;
          if (!repeats) {
            table.row(key.replace('_', ' '), text(key, value));
          }
        });
    types.forEach(
        (type, t) ->
            table.row(
                "type " + type,
                Count.of(t.tensors(), "tensor") + ", " + ByteSize.format(t.bytes())));
    StringBuilder text = new StringBuilder(table.render(""));
    if (withTensors) {
      Table list = new Table();
      tensors.forEach(
          t -> list.row(Printable.name(t.name()), t.type().name(), t.shape().toString()));
      text.append(list.render(""));
    }
    return text.toString();
  }

  private static String text(String key, Object value) {
    if (value instanceof List<?> items) {
      List<String> shown = items.stream().limit(SHOWN).map(Printable::name).toList();
      String more = items.size() > SHOWN ? " and " + (items.size() - SHOWN) + " more" : "";
      return items.isEmpty() ? "none" : String.join(", ", shown) + more;
    }
    if (value instanceof Map<?, ?> map) {
      return String.join(
          ", ", map.entrySet().stream().map(e -> e.getKey() + " " + e.getValue()).toList());
    }
    return switch (key) {
      case "bytes" -> ByteSize.format((Long) value);
      case "parameters" -> String.format("%,d", (Long) value);
      default -> String.valueOf(value);
    };
  }
}
