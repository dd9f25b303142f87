// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.sampling.SamplerState;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A run between two steps, as it is kept on disk: latents, the solver's memory and every setting. A
 * safetensors file, so other programs can read the latents. Immutable; holds the arrays it was
 * given.
 *
 * @param settings what the user asked for, as stored in clips
 * @param shape of the latents: [C, T, H, W]
 * @param latents after {@code sampler.nextStep()} steps
 */
public record RunCheckpoint(
    VideoMetadata settings, Shape shape, float[] latents, SamplerState sampler) {
  private static final String SETTINGS = "wanlet.settings";
  private static final String METHOD = "wanlet.method";
  private static final String STEP = "wanlet.next_step";
  private static final String LATENTS = "latents";
  private static final String SIGMAS = "sigmas";
  private static final String HISTORY = "history.";

  private static final String SUFFIX = ".resume.safetensors";

  /** Where the checkpoint of a run that writes {@code output} is kept. */
  public static Path fileFor(Path output) {
    return output.resolveSibling(output.getFileName() + SUFFIX);
  }

  /** The output of the run whose checkpoint this file is; empty if it was renamed. */
  public static Optional<Path> outputOf(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(SUFFIX) && name.length() > SUFFIX.length()
        ? Optional.of(file.resolveSibling(name.substring(0, name.length() - SUFFIX.length())))
        : Optional.empty();
  }

  /**
   * Writes the file, replacing an older one in one step.
   *
   * @throws IOException if the disk is full or refuses; the older file stays
   */
  public void save(Path file) throws IOException {
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      writer.put(SETTINGS, settings.toJson());
      writer.put(METHOD, sampler.method().id());
      writer.put(STEP, Integer.toString(sampler.nextStep()));
      writer.declare(LATENTS, StoredType.F32, shape);
      writer.declare(SIGMAS, StoredType.F32, Shape.of(sampler.sigmas().length));
      for (int i = 0; i < sampler.history().size(); i++) {
        writer.declare(HISTORY + i, StoredType.F32, Shape.of(sampler.history().get(i).length));
      }
      append(writer, LATENTS, latents);
      append(writer, SIGMAS, sampler.sigmas());
      for (int i = 0; i < sampler.history().size(); i++) {
        append(writer, HISTORY + i, sampler.history().get(i));
      }
      writer.commit();
    }
  }

  private static void append(SafetensorsWriter writer, String name, float[] values)
      throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(4, values.length)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    writer.append(name, bytes);
  }

  /**
   * Reads the file.
   *
   * @throws WeightFormatException if it is no checkpoint of a run, or damaged
   * @throws IOException if it cannot be read
   */
  public static RunCheckpoint load(Path file) throws IOException {
    try (WeightSource source = SafetensorsFile.open(file)) {
      Map<String, String> metadata = source.metadata();
      if (!metadata.containsKey(SETTINGS)) {
        throw new WeightFormatException(
            file, "not a saved run of Wanlet: it lacks the entry " + SETTINGS);
      }
      List<float[]> history = new ArrayList<>();
      while (source.find(HISTORY + history.size()).isPresent()) {
        history.add(source.require(HISTORY + history.size()).toFloats());
      }
      try {
        SamplerState state =
            new SamplerState(
                SamplingMethod.parse(metadata.getOrDefault(METHOD, "")),
                Integer.parseInt(metadata.getOrDefault(STEP, "")),
                source.require(SIGMAS).toFloats(),
                history);
        return new RunCheckpoint(
            VideoMetadata.fromJson(metadata.get(SETTINGS)),
            source.require(LATENTS).shape(),
            source.require(LATENTS).toFloats(),
            state);
      } catch (IllegalArgumentException e) {
        throw new WeightFormatException(file, "damaged saved run: " + e.getMessage(), e);
      }
    }
  }
}
