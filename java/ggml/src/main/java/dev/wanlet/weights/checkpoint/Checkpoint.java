// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A released checkpoint of one of Wan's networks in whatever form it comes, brought to one form:
 * official tensor names, scales of 8-bit weights applied, parts that the network does not use left
 * out. CLIP keeps the names it comes with, because Hugging Face splits what the official code
 * stores in one.
 *
 * <p>Owner of the files. Thread-safe for reading; close only when no other thread reads.
 */
public final class Checkpoint implements AutoCloseable {
  /** Names of low-rank matrices, whatever the training tool, and of differences. */
  private static final Pattern ADAPTER_MARK =
      Pattern.compile(
          ".*([._]lora[._](a|b|up|down)(\\..*)?|[._]lora_linear_layer\\.(up|down)(\\..*)?"
              + "|\\.(lokr|hada)_[^.]*|\\.diff(_[bm])?)",
          Pattern.CASE_INSENSITIVE);

  private final CheckpointKind kind;
  private final CheckpointLayout layout;
  private final String prefix;
  private final WeightSource source;
  private final List<CheckpointKind> others;
  private final List<String> notes;

  private Checkpoint(
      CheckpointKind kind,
      CheckpointLayout layout,
      String prefix,
      WeightSource source,
      List<CheckpointKind> others,
      List<String> notes) {
    this.kind = kind;
    this.layout = layout;
    this.prefix = prefix;
    this.source = source;
    this.others = List.copyOf(others);
    this.notes = List.copyOf(notes);
  }

  /**
   * Opens the first network of a weight file, of the index or a file of a sharded checkpoint, or of
   * a folder with one of them; of a diffusers folder, its transformer.
   *
   * @throws WeightFormatException if a file is of no supported format, damaged or ambiguous
   * @throws IOException if a file cannot be opened
   */
  public static Checkpoint open(Path path) throws IOException {
    return open(path, kind -> true);
  }

  /**
   * Opens the first network of one of some kinds, where a file holds several; a source without one
   * of them opens as what it is.
   *
   * @throws WeightFormatException if a file is of no supported format, damaged or ambiguous
   * @throws IOException if a file cannot be opened
   */
  public static Checkpoint open(Path path, Predicate<CheckpointKind> kinds) throws IOException {
    WeightSource files = openFiles(path);
    try {
      return of(files, kinds);
    } catch (Throwable e) {
      files.close();
      throw e;
    }
  }

  /**
   * The kinds of the networks in a file or folder, transformers first; empty if there is none.
   *
   * @throws IOException as {@link #open(Path)}
   */
  public static Set<CheckpointKind> kinds(Path path) throws IOException {
    try (WeightSource files = openFiles(path)) {
      Set<CheckpointKind> kinds = new LinkedHashSet<>();
      NetworkFinder.of(unwrapped(files)).all().forEach(network -> kinds.add(network.kind()));
      return kinds;
    }
  }

  private static WeightSource openFiles(Path path) throws IOException {
    Path folder = HuggingFaceCache.snapshot(path);
    boolean isPipeline = Files.isRegularFile(folder.resolve("model_index.json"));
    return WeightFiles.open(isPipeline ? folder.resolve("transformer") : folder);
  }

  /**
   * Recognises the tensors of an open source and renames them. The result owns the source; on
   * failure it stays open.
   *
   * @throws WeightFormatException if two tensors get the same name, a network is there twice, or
   *     its matrices are stored in a way that Wanlet does not read
   */
  public static Checkpoint of(WeightSource files) throws WeightFormatException {
    return of(files, kind -> true);
  }

  private static Checkpoint of(WeightSource files, Predicate<CheckpointKind> kinds)
      throws WeightFormatException {
    WeightSource named = unwrapped(files);
    NetworkFinder finder = NetworkFinder.of(named);
    NetworkFinder.Found network = finder.choose(kinds);
    if (network == null) {
      network = finder.choose(kind -> true);
    }
    if (network != null) {
      return of(finder, network);
    }
    boolean adapter =
        named.tensors().stream().anyMatch(t -> ADAPTER_MARK.matcher(t.name()).matches());
    if (!adapter) {
      ForeignForms.refuse(named);
    }
    CheckpointKind kind = adapter ? CheckpointKind.LORA : CheckpointKind.UNKNOWN;
    return new Checkpoint(kind, CheckpointLayout.OFFICIAL, "", named, List.of(), List.of());
  }

  private static Checkpoint of(NetworkFinder finder, NetworkFinder.Found network)
      throws WeightFormatException {
    CheckpointKind kind = network.kind();
    WeightSource part = finder.part(network);
    ForeignForms.refuse(part);
    WeightSource official = official(kind, network.layout(), ScaledWeights.apply(part));
    WeightSource source = FoldedKernels.unfold(official);
    if (kind == CheckpointKind.TEXT_ENCODER) {
      Umt5Names.refuseT5(source);
    }
    List<CheckpointKind> others =
        finder.all().stream()
            .map(NetworkFinder.Found::kind)
            .filter(k -> k != kind)
            .distinct()
            .toList();
    List<String> notes = new ArrayList<>();
    for (NetworkFinder.Found other : finder.all()) {
      if (other.kind() == kind && !other.equals(network)) {
        notes.add(
            String.format(
                "the moving average '%s' is taken, not '%s'", network.prefix(), other.prefix()));
      }
    }
    NetworkNames names = NetworkNames.of(kind);
    for (Map.Entry<String, String> unread : source.passedOver().entrySet()) {
      if (names.isNeeded(unread.getKey())) {
        source.require(unread.getKey()); // says what it is stored as
      }
      notes.add(
          String.format(
              "'%s' is passed over: it is stored as %s", unread.getKey(), unread.getValue()));
    }
    for (WeightTensor tensor : source.tensors()) {
      if (names.isNeeded(tensor.name()) && !tensor.isReal()) {
        throw new WeightFormatException(
            tensor.file(),
            String.format(
                "'%s' holds integers without a scale, which mean nothing by themselves; the file is"
                    + " incomplete, or of a form that Wanlet does not read",
                tensor));
      }
    }
    return new Checkpoint(kind, network.layout(), network.prefix(), source, others, notes);
  }

  private static WeightSource unwrapped(WeightSource files) throws WeightFormatException {
    boolean wrapped =
        Stream.concat(
                files.tensors().stream().map(WeightTensor::name),
                files.passedOver().keySet().stream())
            .anyMatch(name -> !WrapperNames.unwrapped(name).equals(name));
    return wrapped ? files.renamed(WrapperNames::unwrapped) : files;
  }

  private static WeightSource official(
      CheckpointKind kind, CheckpointLayout layout, WeightSource part)
      throws WeightFormatException {
    return kind == CheckpointKind.TEXT_ENCODER
        ? Umt5Names.official(part)
        : layout == CheckpointLayout.DIFFUSERS
            ? part.renamed(name -> official(kind, layout, name))
            : part;
  }

  /** The official name of one tensor of a network. */
  static String official(CheckpointKind kind, CheckpointLayout layout, String name) {
    if (kind == CheckpointKind.TEXT_ENCODER) {
      return Umt5Names.official(name);
    }
    if (layout != CheckpointLayout.DIFFUSERS) {
      return name;
    }
    return switch (kind) {
      case TRANSFORMER -> DiffusersNames.transformer(name);
      case VAE_2_1 -> DiffusersNames.vae21(name);
      case VAE_2_2 -> DiffusersNames.vae22(name);
      default -> name;
    };
  }

  /**
   * Refuses half a network.
   *
   * @throws WeightFormatException naming what is missing, or if this is no network of Wan
   */
  public void requireWhole() throws WeightFormatException {
    requireNetwork();
    List<String> missing = NetworkNames.of(kind).missing(source);
    if (!missing.isEmpty()) {
      throw new WeightFormatException(
          source.files().get(0),
          String.format(
              "it is only a part of a %s: %d tensors are missing, such as '%s'; give the whole"
                  + " checkpoint, of one in several files its folder",
              kind.title(), missing.size(), missing.get(0)));
    }
  }

  /**
   * Refuses what is none of our networks.
   *
   * @throws WeightFormatException saying what was expected, and which network is nearest
   */
  public void requireNetwork() throws WeightFormatException {
    if (kind == CheckpointKind.UNKNOWN) {
      throw new WeightFormatException(source.files().get(0), NearestNetwork.explain(source));
    }
  }

  /** The official name of a transformer's tensor or module in diffusers' naming. */
  public static String officialTransformerName(String name) {
    return DiffusersNames.transformer(name);
  }

  /** The name diffusers gives to a transformer's tensor or module of that official name. */
  public static String diffusersTransformerName(String official) {
    return DiffusersNames.diffusersTransformer(official);
  }

  public CheckpointKind kind() {
    return kind;
  }

  /** Whose names the files use. */
  public CheckpointLayout layout() {
    return layout;
  }

  /** What was removed from the front of all names; often empty. */
  public String prefix() {
    return prefix;
  }

  /** The network's tensors under official names. Lives as long as this. */
  public WeightSource source() {
    return source;
  }

  /** The kinds of the other networks in the same files; often none. */
  public List<CheckpointKind> others() {
    return others;
  }

  /** What is worth saying about the files, one sentence each: tensors passed over, choices made. */
  public List<String> notes() {
    return notes;
  }

  /** What the files say about themselves. */
  public Map<String, String> metadata() {
    return source.metadata();
  }

  @Override
  public void close() {
    source.close();
  }

  /** Such as {@code Wan transformer, diffusers names, 825 tensors}. */
  @Override
  public String toString() {
    return String.format(
        "%s, %s, %d tensors", kind.title(), layout.title(), source.tensors().size());
  }
}
