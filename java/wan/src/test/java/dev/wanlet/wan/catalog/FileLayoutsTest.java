// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.wan.model.transformer.WanConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every published model in every layout that it is published in: names and shapes, no weights. */
class FileLayoutsTest {
  private static final ModelCatalog CATALOG = ModelCatalog.standard();

  @TempDir private Path temp;
  private Path folder;

  /** As its files are laid out. */
  enum Layout {
    OFFICIAL,
    COMFY,
    DIFFUSERS,
    HUGGING_FACE_CACHE,
    GGUF
  }

  static Stream<Arguments> published() {
    return CATALOG.models().stream()
        .filter(m -> !ModelCatalog.isDemo(m.id()))
        .flatMap(m -> Stream.of(Layout.values()).map(layout -> Arguments.of(m.id(), layout)));
  }

  @ParameterizedTest
  @MethodSource("published")
  void isRecognisedAndWhole(String id, Layout layout) throws IOException {
    ModelDefaults model = CATALOG.require(id);
    String name = model.source().substring(model.source().indexOf('/') + 1);
    Path top = temp.resolve(name);
    folder = top;
    switch (layout) {
      case OFFICIAL -> official(model);
      case COMFY -> comfy(model);
      case DIFFUSERS -> diffusers(model);
      case HUGGING_FACE_CACHE -> {
        top = temp.resolve("models--Wan-AI--" + name);
        folder = top.resolve("snapshots").resolve("0123456789".repeat(4));
        Files.createDirectories(top.resolve("refs"));
        Files.writeString(top.resolve("refs/main"), "0123456789".repeat(4));
        diffusers(model);
      }
      case GGUF -> gguf(model);
    }

    ModelFiles files = ModelFiles.in(top);
    ModelContents contents = ModelContents.of(top, CATALOG);

    assertThat(files.model()).isEqualTo(model);
    assertThat(files.transformers()).hasSize(model.experts());
    assertThat(files.imageEncoder().isPresent())
        .isEqualTo(model.transformer().variant().seesPictures());
    files
        .highNoiseTransformer()
        .ifPresent(
            high ->
                assertThat(folder.relativize(high).toString())
                    .matches("(?i).*high.*|transformer/.*"));
    assertThat(contents.model()).contains(model);
    assertThat(contents.missing()).isEmpty();
    assertThat(contents.problems()).isEmpty();
    for (ModelPart part : ModelPart.values()) {
      assertThat(contents.parts().getOrDefault(part, List.of()))
          .as(part.title())
          .containsExactlyElementsOf(files.file(part).stream().toList());
    }
  }

  private void official(ModelDefaults model) throws IOException {
    WanConfig c = model.transformer();
    String file = "diffusion_pytorch_model.safetensors";
    if (model.experts() == 2) {
      FakeCheckpoint.transformer(c).write(folder.resolve("high_noise_model").resolve(file));
      FakeCheckpoint.transformer(c).write(folder.resolve("low_noise_model").resolve(file));
    } else {
      FakeCheckpoint.transformer(c)
          .writeInTwo(
              folder.resolve("diffusion_pytorch_model-00001-of-00002.safetensors"),
              folder.resolve("diffusion_pytorch_model-00002-of-00002.safetensors"));
    }
    FakeCheckpoint.vae(c.outChannels()).write(folder.resolve("Wan_VAE.safetensors"));
    FakeCheckpoint.textEncoder(model.textEncoder())
        .write(folder.resolve("models_t5_umt5-xxl-enc-bf16.safetensors"));
    if (c.variant().seesPictures()) {
      FakeCheckpoint.imageEncoder(c.imageDim())
          .write(folder.resolve("models_clip_open-clip-xlm-roberta-large-vit-huge-14.safetensors"));
    }
    Files.createDirectories(folder.resolve("google/umt5-xxl"));
    Files.writeString(folder.resolve("google/umt5-xxl/spiece.model"), "not read here");
  }

  private void comfy(ModelDefaults model) throws IOException {
    WanConfig c = model.transformer();
    for (PublishedFile file : model.files()) {
      Path path = folder.resolve(file.path());
      switch (file.part()) {
        case TRANSFORMER, HIGH_NOISE_TRANSFORMER ->
            FakeCheckpoint.transformer(c).prefixed("model.diffusion_model.").write(path);
        case VAE -> FakeCheckpoint.vae(c.outChannels()).write(path);
        case TEXT_ENCODER ->
            FakeCheckpoint.huggingFaceTextEncoder(model.textEncoder())
                .add("spiece_model", 100)
                .write(path);
        case IMAGE_ENCODER -> FakeCheckpoint.huggingFaceImageEncoder(c.imageDim()).write(path);
        case TOKENIZER -> throw new AssertionError("nobody publishes it so");
      }
    }
  }

  private void diffusers(ModelDefaults model) throws IOException {
    WanConfig c = model.transformer();
    String file = "diffusion_pytorch_model.safetensors";
    FakeCheckpoint.diffusersTransformer(c).write(folder.resolve("transformer").resolve(file));
    if (model.experts() == 2) {
      FakeCheckpoint.diffusersTransformer(c).write(folder.resolve("transformer_2").resolve(file));
    }
    FakeCheckpoint vae =
        new FakeCheckpoint()
            .add("decoder.conv_in.weight", 384, c.outChannels(), 3, 3, 3)
            .add("decoder.up_blocks.0.resnets.0.norm1.gamma", 384, 1, 1, 1);
    if (c.outChannels() == 48) {
      vae.add("decoder.up_blocks.0.upsampler.resample.1.weight", 384, 384, 3, 3);
    }
    vae.write(folder.resolve("vae").resolve(file));
    FakeCheckpoint.huggingFaceTextEncoder(model.textEncoder())
        .write(folder.resolve("text_encoder/model.safetensors"));
    if (c.variant().seesPictures()) {
      FakeCheckpoint.huggingFaceImageEncoder(c.imageDim())
          .write(folder.resolve("image_encoder/model.safetensors"));
    }
    Files.createDirectories(folder.resolve("tokenizer"));
    Files.writeString(folder.resolve("tokenizer/tokenizer.json"), "{}");
  }

  private void gguf(ModelDefaults model) throws IOException {
    WanConfig c = model.transformer();
    for (PublishedFile file : CATALOG.files(model, "q4_k_m")) {
      assertThat(file.path()).doesNotContain("TYPE");
      Path path = folder.resolve(file.path());
      switch (file.part()) {
        case TRANSFORMER, HIGH_NOISE_TRANSFORMER -> {
          assertThat(file.path()).contains("Q4_K_M");
          FakeCheckpoint.transformer(c).writeGguf(path);
        }
        case VAE -> FakeCheckpoint.vae(c.outChannels()).write(path);
        case TEXT_ENCODER ->
            FakeCheckpoint.llamaTextEncoder(model.textEncoder()).writeGguf(path, "a", "b");
        case IMAGE_ENCODER -> FakeCheckpoint.huggingFaceImageEncoder(c.imageDim()).write(path);
        case TOKENIZER -> throw new AssertionError("nobody publishes it so");
      }
    }
  }

  @Test
  void whatIsMissingHasItsUsualFile() throws IOException {
    ModelDefaults model = CATALOG.require("wan2.1-i2v-14b-720p");
    folder = temp.resolve("Wan2.1-I2V-14B-720P");
    official(model);
    Files.delete(folder.resolve("Wan_VAE.safetensors"));
    Files.delete(folder.resolve("models_clip_open-clip-xlm-roberta-large-vit-huge-14.safetensors"));
    ModelContents contents = ModelContents.of(folder, CATALOG);
    assertThat(contents.missing())
        .extracting(m -> m.part() + " " + m.usual().orElseThrow().name())
        .containsExactly("IMAGE_ENCODER clip_vision_h.safetensors", "VAE wan_2.1_vae.safetensors");
  }

  @Test
  void ofOneExpertTheOtherIsMissing() throws IOException {
    ModelDefaults model = CATALOG.require("wan2.2-vace-fun-a14b");
    Path low =
        FakeCheckpoint.transformer(model.transformer())
            .write(temp.resolve("wan2.2_fun_vace_low_noise_14B_fp8_scaled.safetensors"));
    ModelContents contents = ModelContents.of(low, CATALOG);
    assertThat(contents.model()).contains(model);
    assertThat(contents.missing())
        .extracting(ModelContents.Missing::part)
        .containsExactly(ModelPart.HIGH_NOISE_TRANSFORMER, ModelPart.TEXT_ENCODER, ModelPart.VAE);
    assertThat(contents.missing().get(0).usual().orElseThrow().bytes()).hasValue(17346056104L);
  }

  @Test
  void partsThatDoNotFitAreProblems() throws IOException {
    ModelDefaults model = CATALOG.require("wan2.2-ti2v-5b");
    folder = temp.resolve("Wan2.2-TI2V-5B");
    official(model);
    Files.delete(folder.resolve("Wan_VAE.safetensors"));
    FakeCheckpoint.vae(16).write(folder.resolve("Wan2.1_VAE.safetensors"));
    Files.writeString(folder.resolve("broken.safetensors"), "no weights at all");
    ModelContents contents = ModelContents.of(folder, CATALOG);
    assertThat(contents.missing())
        .extracting(ModelContents.Missing::part)
        .containsExactly(ModelPart.VAE);
    assertThat(contents.problems())
        .anyMatch(p -> p.contains("broken.safetensors"))
        .anyMatch(p -> p.contains("16 wide where wan2.2-ti2v-5b needs 48"));
  }
}
