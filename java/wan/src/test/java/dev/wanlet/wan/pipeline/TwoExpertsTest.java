// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.media.read.ImageReader;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.weights.FloatFormats;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.safetensors.SafetensorsFile;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model of two experts, made of the demo model's transformer twice, stored in two types. */
class TwoExpertsTest {
  @TempDir Path folder;
  private int liveBefore;
  private ModelFiles demo;
  private VideoPipeline pipeline;

  @BeforeEach
  void open() throws IOException {
    liveBefore = Ggml.liveObjects();
    demo =
        new ModelResolver(ModelCatalog.standard(), TwoExpertsTest::directory)
            .resolve(ModelSelection.none());
    pipeline =
        new VideoPipeline(
            new ModelFiles(
                demo.model(),
                copy(StoredType.F32),
                Optional.of(copy(StoredType.F16)),
                demo.vae(),
                demo.textEncoder(),
                demo.tokenizer(),
                demo.fromDemo()));
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  private static Path directory() {
    try {
      return DemoModel.directory();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path copy(StoredType type) throws IOException {
    Path file = folder.resolve(type + ".safetensors");
    try (WeightSource source = SafetensorsFile.open(demo.transformer());
        SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      for (WeightTensor tensor : source.tensors()) {
        writer.declare(tensor.name(), type, tensor.shape());
      }
      for (WeightTensor tensor : source.tensors()) {
        float[] values = tensor.toFloats();
        ByteBuffer bytes =
            ByteBuffer.allocate(values.length * type.elementBytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
          if (type == StoredType.F32) {
            bytes.putFloat(value);
          } else {
            bytes.putShort(FloatFormats.toF16(value));
          }
        }
        writer.append(tensor.name(), bytes.flip());
      }
      writer.commit();
    }
    return file;
  }

  private GenerationRequest request(String file, OptionalLong budget, double boundary) {
    return GenerationRequest.builder()
        .prompt("a red circle moving left on a black background")
        .seed(42)
        .steps(2)
        .frames(1)
        .guidanceScale(1)
        .set(Settings.HIGH_NOISE_GUIDANCE_SCALE, demo.model().guidanceScale())
        .set(Settings.EXPERT_BOUNDARY, boundary)
        .output(folder.resolve(file))
        .compute(
            new ComputeSettings(
                "CPU", OptionalInt.of(1), budget, OptionalLong.empty(), Precision.AUTO))
        .build(twoExperts(demo.model()));
  }

  static ModelDefaults twoExperts(ModelDefaults m) {
    return new ModelDefaults(
        m.id(),
        m.title(),
        m.transformer(),
        m.vae(),
        m.textEncoder(),
        OptionalDouble.of(0.9),
        m.steps(),
        m.flowShift(),
        m.flowShiftAt480p(),
        m.guidanceScale(),
        m.highNoiseGuidanceScale(),
        m.sampler(),
        m.negativePrompt(),
        m.fps(),
        m.frames(),
        m.sizes(),
        m.trainedOn(),
        m.source(),
        m.files());
  }

  private long smallestBudget() throws IOException {
    long needed = 1;
    while (true) {
      try {
        pipeline.plan(request("plan.png", OptionalLong.of(needed), 0.9));
        return needed;
      } catch (MemoryBudgetException e) {
        needed = e.neededBytes();
      }
    }
  }

  private GenerationResult generate(GenerationRequest request) throws IOException {
    return pipeline.generate(request);
  }

  @Test
  void thePlanHoldsForTheLargerExpert() throws IOException {
    long budget = smallestBudget();
    GenerationResult tight = generate(request("tight.png", OptionalLong.of(budget), 0.9));
    assertThat(tight.stepSeconds()).hasSize(2);
    assertThat(tight.measuredPeakBytes())
        .isLessThanOrEqualTo(tight.plannedPeakBytes())
        .isLessThanOrEqualTo(budget);
    GenerationResult free = generate(request("free.png", OptionalLong.empty(), 0.9));
    assertThat(free.measuredPeakBytes()).isLessThanOrEqualTo(free.plannedPeakBytes());
    assertThat(ImageReader.read(tight.output()))
        .usingRecursiveComparison()
        .isEqualTo(ImageReader.read(free.output()));
  }
}
