// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import dev.wanlet.files.Sha256;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.nn.BlockSpec;
import dev.wanlet.wan.nn.NetworkAdapters;
import dev.wanlet.wan.nn.NetworkLayout;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.TensorSpec;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.lora.AdapterFile;
import dev.wanlet.weights.lora.AdapterScope;
import dev.wanlet.weights.lora.LoraAdapter;
import dev.wanlet.weights.lora.LoraMatch;
import dev.wanlet.weights.lora.MergeOnlyException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Owner: the adapters of a run, mapped and matched with the model's transformer; of two experts
 * each gets those that are for it. No weight is loaded. Thread-safe until closed.
 */
public final class OpenAdapters implements AutoCloseable {
  /** No adapters; closing it does nothing. */
  public static final OpenAdapters NONE = new OpenAdapters();

  private final List<AdapterFile> files;
  private final List<LoraAdapter> adapters = new ArrayList<>();
  private final List<LoraMatch> matches = new ArrayList<>();
  private final int experts;
  private final List<String> sums = new ArrayList<>();
  private boolean finite;

  private OpenAdapters() {
    files = List.of();
    experts = 1;
  }

  private OpenAdapters(List<AdapterFile> files, OpenModel model) throws IOException {
    this.files = List.copyOf(files);
    this.experts = model.defaults().experts();
    NetworkLayout layout = WanTransformer.layout(model.transformerConfig(), TypePolicy.ALL_F32);
    Map<String, Shape> shapes = shapes(layout);
    try {
      for (AdapterFile file : files) {
        requireExpert(file, model);
        LoraAdapter adapter = LoraAdapter.open(file);
        adapters.add(adapter);
        LoraMatch match = LoraMatch.of(adapter, shapes);
        requireAddable(match, shapes, layout, model.transformers());
        matches.add(match);
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private static void requireExpert(AdapterFile file, OpenModel model) {
    AdapterScope.Expert expert = file.scope().expert();
    if (expert != AdapterScope.Expert.BOTH && model.defaults().experts() == 1) {
      throw new RequestException(
          String.format(
              "the adapter %s is for the %s-noise expert, but %s has one transformer; leave :%s out",
              file.file(), expert.id(), model.defaults().id(), expert.id()));
    }
  }

  /**
   * Opens adapters for a model, in the order in which they are added.
   *
   * @throws WeightFormatException if one is damaged, matches nothing, or changes a matrix as a
   *     whole
   * @throws IOException if a file is missing or cannot be read
   */
  public static OpenAdapters open(List<AdapterFile> files, OpenModel model) throws IOException {
    return files.isEmpty() ? NONE : new OpenAdapters(files, model);
  }

  private static Map<String, Shape> shapes(NetworkLayout layout) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    layout.outer().specs().forEach(spec -> shapes.put(spec.name(), spec.sourceShape()));
    for (BlockSpec block : layout.blocks()) {
      for (TensorSpec spec : block.layout().specs()) {
        shapes.put(block.prefix() + spec.name(), spec.sourceShape());
      }
    }
    return shapes;
  }

  /** Matrices stay as they are while a network runs: quantised, and streamed from their file. */
  private static void requireAddable(
      LoraMatch match,
      Map<String, Shape> shapes,
      NetworkLayout layout,
      List<WeightSource> transformers)
      throws MergeOnlyException {
    for (LoraMatch.LowRank change : match.lowRank()) {
      if (!isMatrix(change.tensor(), shapes)) {
        throw whole(change.up(), change.tensor());
      }
    }
    for (LoraMatch.Difference change : match.differences()) {
      String tensor = change.tensor();
      boolean loadedOnce =
          layout.outer().specs().stream().anyMatch(spec -> spec.name().equals(tensor));
      boolean quantised =
          transformers.stream()
              .flatMap(t -> t.find(tensor).stream())
              .anyMatch(t -> t.type().isQuantized());
      if (isMatrix(tensor, shapes) && (!loadedOnce || quantised)) {
        throw whole(change.difference(), tensor);
      }
    }
  }

  private static boolean isMatrix(String tensor, Map<String, Shape> shapes) {
    return tensor.endsWith(".weight") && shapes.get(tensor).rank() >= 2;
  }

  private static MergeOnlyException whole(WeightTensor part, String tensor) {
    return new MergeOnlyException(
        part.file(),
        String.format(
            "'%s' changes '%s' as a whole, which is not possible while the model runs",
            part.name(), tensor));
  }

  /** What was opened, in order. */
  public List<AdapterFile> files() {
    return files;
  }

  /**
   * The SHA-256 sums of the files, in order, as hexadecimal digits; each is read once.
   *
   * @throws IOException if a file cannot be read
   */
  public synchronized List<String> sums() throws IOException {
    while (sums.size() < adapters.size()) {
      sums.add(Sha256.of(adapters.get(sums.size()).path()));
    }
    return List.copyOf(sums);
  }

  /** What became of each adapter, a line each. */
  public List<String> summaries() {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < matches.size(); i++) {
      lines.add(matches.get(i).summary() + where(files.get(i).scope()));
    }
    return lines;
  }

  private String where(AdapterScope scope) {
    String level = scope.isAlways() ? "" : " below noise level " + scope.below();
    if (experts == 1) {
      return level.isEmpty() ? "" : "; added" + level;
    }
    boolean both = scope.expert() == AdapterScope.Expert.BOTH;
    return "; added to "
        + (both ? "both experts" : "the " + scope.expert().id() + "-noise expert")
        + level;
  }

  /**
   * Reads all adapters, the first time it is called.
   *
   * @throws WeightFormatException naming the tensor of one that holds infinities or NaN
   */
  public synchronized void requireFinite() throws WeightFormatException {
    if (!finite) {
      for (LoraMatch match : matches) {
        match.requireFinite();
      }
      finite = true;
    }
  }

  /**
   * The changes to a transformer at a step.
   *
   * @param highNoise whether the high-noise expert runs; true for a model of one transformer
   * @param sigma noise level before the step
   */
  public NetworkAdapters network(boolean highNoise, double sigma) {
    List<LoraMatch> added = new ArrayList<>();
    for (int i = 0; i < matches.size(); i++) {
      if (files.get(i).scope().covers(highNoise, experts, sigma)) {
        added.add(matches.get(i));
      }
    }
    return added.isEmpty() ? NetworkAdapters.NONE : new NetworkAdapters(added);
  }

  /** Which adapters are added at a step, by their places; with {@link #network} as there. */
  public List<Integer> added(boolean highNoise, double sigma) {
    return IntStream.range(0, files.size())
        .filter(i -> files.get(i).scope().covers(highNoise, experts, sigma))
        .boxed()
        .toList();
  }

  /**
   * The types of each transformer with all adapters that are ever beside it at once: an adapter
   * that comes later in a run takes its memory in the plan from the start.
   *
   * @param plain of each transformer, the high-noise expert first; or one for both experts
   */
  public List<TypePolicy> types(List<TypePolicy> plain, Precision precision, Device device) {
    if (files.isEmpty()) {
      return plain;
    }
    List<TypePolicy> all = new ArrayList<>();
    for (int i = 0; i < experts; i++) {
      TypePolicy own = plain.get(Math.min(i, plain.size() - 1));
      all.add(network(i == 0, 0).types(own, precision, device));
    }
    return all;
  }

  /** Host memory that one weight of an adapter takes on its way to the device, at most. */
  public long convertedBytes(Precision precision, Device device) {
    return Math.max(
        network(true, 0).convertedBytes(precision, device),
        network(false, 0).convertedBytes(precision, device));
  }

  @Override
  public void close() {
    adapters.forEach(LoraAdapter::close);
  }
}
