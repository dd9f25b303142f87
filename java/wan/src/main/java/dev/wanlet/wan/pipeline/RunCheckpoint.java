// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.files.AtomicFile;
import dev.wanlet.files.FileNames;
import dev.wanlet.files.WorkFolder;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanCondition.Control;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.SamplerState;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.wan.sampling.cache.CacheState;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * A run between two steps, as it is kept on disk: latents, the solver's memory and every setting. A
 * safetensors file, so other programs can read the latents. Immutable; holds the arrays it was
 * given.
 *
 * @param settings what the user asked for, as stored in clips
 * @param shape of the latents: [C, T, H, W]
 * @param latents after {@code sampler.nextStep()} steps
 * @param guidance what guidance remembers of earlier steps, each as long as the latents; mostly
 *     nothing
 * @param cache what a step cache remembers of earlier steps
 * @param shown what the transformer sees of the clip's pictures and control video, so that a run
 *     goes on without the files
 */
public record RunCheckpoint(
    VideoMetadata settings,
    Shape shape,
    float[] latents,
    SamplerState sampler,
    List<float[]> guidance,
    CacheState cache,
    WanCondition shown) {
  /** Of a run without a step cache and without pictures. */
  public RunCheckpoint(
      VideoMetadata settings,
      Shape shape,
      float[] latents,
      SamplerState sampler,
      List<float[]> guidance) {
    this(settings, shape, latents, sampler, guidance, CacheState.NONE, WanCondition.NONE);
  }

  private static final String SETTINGS = "wanlet.settings";
  private static final String METHOD = "wanlet.method";
  private static final String STEP = "wanlet.next_step";
  private static final String LATENTS = "latents";
  private static final String SIGMAS = "sigmas";
  private static final String HISTORY = "history.";
  private static final String GUIDANCE = "guidance.";
  private static final String CACHE = "cache.";
  private static final String CACHE_NUMBERS = "wanlet.cache";
  private static final String PICTURES = "pictures.";
  private static final String CONTROL = "control.";

  /** Name of the clip, for a file whose own name had no room for it. */
  private static final String OUTPUT = "wanlet.output";

  private static final String CHECKSUM = "wanlet.crc32c";
  private static final String FORMAT = "wanlet.saved_run";
  private static final String FORMAT_VERSION = "1";

  /** Runs that may be saved at once for one output. */
  static final int MOST_PLACES = 99;

  private static final String SUFFIX = ".resume.safetensors";

  /** Of the file of another run to the same output, while the first goes on. */
  private static final Pattern NUMBERED = Pattern.compile("\\.([2-9]|[1-9]\\d)$");

  /** Clean predictions that a solver may remember, each as large as the latents. */
  private static final int MOST_HISTORY = 3;

  /** Arrays that guidance may remember, each as large as the latents. */
  private static final int MOST_GUIDANCE = 1;

  /** Arrays that a step cache may remember, each as large as the latents. */
  private static final int MOST_CACHE = 5;

  private static final int HEADER_BYTES = 64 << 10;

  /**
   * Where the first run to write {@code output} is saved; one beside it has a number in its name.
   */
  public static Path fileFor(Path output) {
    return fileFor(output, 1);
  }

  /** Where runs to write {@code output} are saved now, in the order of their numbers. */
  public static List<Path> savedFor(Path output) {
    return IntStream.rangeClosed(1, MOST_PLACES)
        .mapToObj(place -> fileFor(output, place))
        .filter(Files::exists)
        .toList();
  }

  /**
   * @param place from 1
   */
  static Path fileFor(Path output, int place) {
    String suffix = place == 1 ? SUFFIX : "." + place + SUFFIX;
    return output.resolveSibling(FileNames.fit("", output.getFileName().toString(), suffix));
  }

  /**
   * The output of the run whose checkpoint this file is; empty if it was renamed.
   *
   * @throws IOException if the file cannot be read or is damaged
   */
  public static Optional<Path> outputOf(Path file) throws IOException {
    String name = file.getFileName().toString();
    if (!name.endsWith(SUFFIX) || name.length() == SUFFIX.length()) {
      return Optional.empty();
    }
    String own = name.substring(0, name.length() - SUFFIX.length());
    String number = NUMBERED.matcher(own).find() ? own.substring(own.lastIndexOf('.') + 1) : "1";
    try (WeightSource source = SafetensorsFile.open(file)) {
      Optional<Path> stored =
          Optional.ofNullable(source.metadata().get(OUTPUT)).map(file::resolveSibling);
      if (stored.filter(o -> fileFor(o, Integer.parseInt(number)).equals(file)).isPresent()) {
        return stored;
      }
    }
    return Optional.of(file.resolveSibling(NUMBERED.matcher(own).replaceFirst("")));
  }

  /**
   * The seed of a run that was saved for the output of {@code request} and is the same but for the
   * seed: a request whose seed was drawn by chance goes on with it when it takes it over.
   *
   * @throws IOException if a saved run cannot be read or is damaged
   */
  public static OptionalLong seedOf(GenerationRequest request, ModelFiles files)
      throws IOException {
    Map<String, Object> wanted =
        new LinkedHashMap<>(SavedSettings.store(request, files).settings());
    wanted.remove(Settings.SEED.name());
    for (int i = 1; i <= MOST_PLACES; i++) {
      Path file = fileFor(request.output(), i);
      if (Files.exists(file) && !isHeld(file)) {
        Map<String, Object> stored = new LinkedHashMap<>(load(file).settings().settings());
        Object seed = stored.remove(Settings.SEED.name());
        if (stored.equals(wanted) && seed instanceof Long value) {
          return OptionalLong.of(value);
        }
      }
    }
    return OptionalLong.empty();
  }

  private static boolean isHeld(Path file) throws IOException {
    Optional<WorkFolder> claim = WorkFolder.claim(file);
    if (claim.isPresent()) {
      claim.get().close();
    }
    return claim.isEmpty();
  }

  /**
   * Bytes that a saved run takes at most.
   *
   * @param shown bytes of what the transformer sees of pictures and control video
   */
  static long roomBytes(Shape latents, long shown) {
    return (1 + MOST_HISTORY + MOST_GUIDANCE + MOST_CACHE) * Float.BYTES * latents.elements()
        + shown
        + HEADER_BYTES;
  }

  /**
   * Writes the file, replacing an older one in one step.
   *
   * @throws IOException if the disk is full or refuses; the older file stays
   */
  public void save(Path file) throws IOException {
    save(new AtomicFile(file), null);
  }

  /**
   * As {@link #save(Path)}.
   *
   * @param file begun, and closed here
   * @param output the clip that this is to become; null if nobody knows
   */
  void save(AtomicFile file, Path output) throws IOException {
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      writer.put(FORMAT, FORMAT_VERSION);
      writer.put(SETTINGS, settings.toJson());
      writer.put(METHOD, sampler.method().id());
      writer.put(STEP, Integer.toString(sampler.nextStep()));
      if (output != null) {
        writer.put(OUTPUT, output.getFileName().toString());
      }
      if (!cache.numbers().isEmpty()) {
        writer.put(CACHE_NUMBERS, cache.text());
      }
      writer.put(CHECKSUM, checksum());
      writer.declare(LATENTS, StoredType.F32, shape);
      writer.declare(SIGMAS, StoredType.F32, Shape.of(sampler.sigmas().length));
      declare(writer, HISTORY, sampler.history());
      declare(writer, GUIDANCE, guidance);
      declare(writer, CACHE, cache.arrays());
      declare(writer, PICTURES, pictures());
      declare(writer, CONTROL, control());
      append(writer, LATENTS, latents);
      append(writer, SIGMAS, sampler.sigmas());
      append(writer, HISTORY, sampler.history());
      append(writer, GUIDANCE, guidance);
      append(writer, CACHE, cache.arrays());
      append(writer, PICTURES, pictures());
      append(writer, CONTROL, control());
      writer.commit();
    }
  }

  /** Whether pictures or a control video are part of this already. */
  static boolean isEncoded(WanCondition shown) {
    return shown.channels().length > 0 || shown.control().channels().length > 0;
  }

  /** Channels and features, as far as there are any. */
  private List<float[]> pictures() {
    return Stream.of(shown.channels(), shown.features()).filter(a -> a.length > 0).toList();
  }

  /** Channels of the control branch and its strength, if there is one. */
  private List<float[]> control() {
    Control control = shown.control();
    return control.channels().length == 0
        ? List.of()
        : List.of(control.channels(), new float[] {control.strength()});
  }

  private static WanCondition shown(List<float[]> pictures, List<float[]> control) {
    if (control.size() == 2 && control.get(1).length == 1) {
      return new WanCondition(new Control(control.get(0), control.get(1)[0]));
    }
    if (!control.isEmpty()) {
      throw new IllegalArgumentException("half of what its control branch is shown is missing");
    }
    float[] features = pictures.size() > 1 ? pictures.get(1) : new float[0];
    return pictures.isEmpty() ? WanCondition.NONE : new WanCondition(pictures.get(0), features);
  }

  private static void declare(SafetensorsWriter writer, String prefix, List<float[]> arrays)
      throws IOException {
    for (int i = 0; i < arrays.size(); i++) {
      writer.declare(prefix + i, StoredType.F32, Shape.of(arrays.get(i).length));
    }
  }

  private static void append(SafetensorsWriter writer, String prefix, List<float[]> arrays)
      throws IOException {
    for (int i = 0; i < arrays.size(); i++) {
      append(writer, prefix + i, arrays.get(i));
    }
  }

  private static List<float[]> arrays(WeightSource source, String prefix) throws IOException {
    List<float[]> arrays = new ArrayList<>();
    while (source.find(prefix + arrays.size()).isPresent()) {
      arrays.add(source.require(prefix + arrays.size()).toFloats());
    }
    return arrays;
  }

  private static void append(SafetensorsWriter writer, String name, float[] values)
      throws IOException {
    writer.append(name, bytes(values));
  }

  private static ByteBuffer bytes(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(4, values.length)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes;
  }

  /** Over everything that decides how the run goes on. */
  private String checksum() {
    CRC32C sum = new CRC32C();
    String words = settings.toJson() + '\n' + sampler.method().id() + '\n' + sampler.nextStep();
    sum.update(words.getBytes(StandardCharsets.UTF_8));
    sum.update(bytes(latents));
    sum.update(bytes(sampler.sigmas()));
    sampler.history().forEach(values -> sum.update(bytes(values)));
    guidance.forEach(values -> sum.update(bytes(values)));
    sum.update(cache.text().getBytes(StandardCharsets.UTF_8));
    cache.arrays().forEach(values -> sum.update(bytes(values)));
    pictures().forEach(values -> sum.update(bytes(values)));
    control().forEach(values -> sum.update(bytes(values)));
    return String.format(Locale.ROOT, "%08x", sum.getValue());
  }

  /**
   * Reads the file.
   *
   * @throws WeightFormatException if it is no checkpoint of a run, damaged, or of another version
   * @throws IOException if it cannot be read
   */
  public static RunCheckpoint load(Path file) throws IOException {
    try (WeightSource source = SafetensorsFile.open(file)) {
      Map<String, String> metadata = source.metadata();
      if (!metadata.containsKey(SETTINGS)) {
        throw new WeightFormatException(
            file, "not a saved run of Wanlet: it lacks the entry " + SETTINGS);
      }
      String format = metadata.getOrDefault(FORMAT, FORMAT_VERSION);
      if (!format.equals(FORMAT_VERSION)) {
        throw new WeightFormatException(
            file,
            "a saved run of format "
                + format
                + ", this version reads "
                + FORMAT_VERSION
                + "; go on with the version that wrote it");
      }
      try {
        SamplerState state =
            new SamplerState(
                SamplingMethod.parse(metadata.getOrDefault(METHOD, "")),
                Integer.parseInt(metadata.getOrDefault(STEP, "")),
                source.require(SIGMAS).toFloats(),
                arrays(source, HISTORY));
        RunCheckpoint loaded =
            new RunCheckpoint(
                VideoMetadata.fromJson(metadata.get(SETTINGS)),
                source.require(LATENTS).shape(),
                source.require(LATENTS).toFloats(),
                state,
                arrays(source, GUIDANCE),
                new CacheState(
                    CacheState.numbers(metadata.getOrDefault(CACHE_NUMBERS, "")),
                    arrays(source, CACHE)),
                shown(arrays(source, PICTURES), arrays(source, CONTROL)));
        String problem = loaded.problem(Optional.ofNullable(metadata.get(CHECKSUM)));
        if (!problem.isEmpty()) {
          throw new WeightFormatException(
              file, "damaged saved run: " + problem + "; delete it and begin anew");
        }
        return loaded;
      } catch (IllegalArgumentException e) {
        throw new WeightFormatException(file, "damaged saved run: " + e.getMessage(), e);
      }
    }
  }

  /** What cannot be; empty if nothing. Files of older versions have no checksum. */
  private String problem(Optional<String> stored) {
    if (stored.isPresent() && !stored.get().equals(checksum())) {
      return "its contents do not match its checksum";
    }
    if (shape.rank() != 4) {
      return "latents of shape " + shape + ", expected [C, T, H, W]";
    }
    int steps = sampler.sigmas().length - 1;
    if (sampler.nextStep() < 0 || sampler.nextStep() > steps) {
      return sampler.nextStep() + " steps of " + steps + " are done";
    }
    if (!isFinite()
        || Stream.of(sampler.history(), guidance, cache.arrays(), pictures(), control())
            .flatMap(List::stream)
            .anyMatch(h -> !isFinite(h))) {
      return "it holds NaN or infinities";
    }
    if (guidance.stream().anyMatch(g -> g.length != latents.length)) {
      return "its memory of guidance is not of the latents' size";
    }
    if (cache.arrays().stream().anyMatch(a -> a.length != latents.length)) {
      return "its memory of the step cache is not of the latents' size";
    }
    return sampler.history().stream().anyMatch(h -> h.length != latents.length)
        ? "its history is not of the latents' size"
        : "";
  }

  /** Whether all latents are numbers. */
  boolean isFinite() {
    return isFinite(latents);
  }

  private static boolean isFinite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }
}
