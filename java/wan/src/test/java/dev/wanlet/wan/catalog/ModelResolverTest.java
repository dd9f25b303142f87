// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.gguf.GgufValue;
import dev.wanlet.weights.write.GgufWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelResolverTest {
  private static final ModelCatalog CATALOG = ModelCatalog.standard();
  private static final ModelDefaults TINY = CATALOG.require("tiny-wan");
  private static final ModelDefaults BIG = CATALOG.require("wan2.2-t2v-a14b");
  private static final ModelDefaults FIVE = CATALOG.require("wan2.2-ti2v-5b");

  @TempDir private Path temp;
  private Path demo;
  private Path folder;
  private ModelResolver resolver;

  @BeforeEach
  void makeDemoModel() throws IOException {
    demo = temp.resolve("demo");
    folder = temp.resolve("model");
    Files.createDirectories(folder);
    FakeCheckpoint.transformer(TINY.transformer()).write(demo.resolve("transformer.safetensors"));
    FakeCheckpoint.vae(16).write(demo.resolve("vae.safetensors"));
    FakeCheckpoint.textEncoder(TINY.textEncoder()).write(demo.resolve("text.safetensors"));
    tokenizer(demo);
    resolver = new ModelResolver(CATALOG, () -> demo);
  }

  private static Path tokenizer(Path folder) throws IOException {
    Path file = folder.resolve("google/umt5-xxl/spiece.model");
    Files.createDirectories(file.getParent());
    return Files.writeString(file, "not read here");
  }

  private ModelFiles resolveFolder() throws IOException {
    return resolver.resolve(ModelSelection.none().withModel(folder.toString()));
  }

  @Test
  void nothingSaidIsTheDemoModel() throws IOException {
    ModelFiles files = resolver.resolve(ModelSelection.none());
    assertThat(files.model()).isEqualTo(TINY);
    assertThat(files.transformer()).isEqualTo(demo.resolve("transformer.safetensors"));
    assertThat(files.tokenizer()).isEqualTo(demo.resolve("google/umt5-xxl/spiece.model"));
    assertThat(files.fromDemo()).hasSize(4);
    assertThat(resolver.resolve(ModelSelection.none().withModel("tiny-wan"))).isEqualTo(files);
  }

  @Test
  void officialLayoutOfTwoExperts() throws IOException {
    WanConfig config = BIG.transformer();
    Path high = shards("high_noise_model", config);
    Path low = shards("low_noise_model", config);
    FakeCheckpoint.vae(16).write(folder.resolve("Wan2.1_VAE.safetensors"));
    FakeCheckpoint.textEncoder(BIG.textEncoder())
        .write(folder.resolve("models_t5_umt5-xxl-enc-bf16.safetensors"));
    Path tokenizer = tokenizer(folder);

    ModelFiles files = resolveFolder();

    assertThat(files.model()).isEqualTo(BIG);
    assertThat(files.highNoiseTransformer()).contains(high);
    assertThat(files.transformer()).isEqualTo(low);
    assertThat(files.vae()).isEqualTo(folder.resolve("Wan2.1_VAE.safetensors"));
    assertThat(files.tokenizer()).isEqualTo(tokenizer);
    assertThat(files.fromDemo()).isEmpty();
  }

  /** One shard and its index. */
  private Path shards(String name, WanConfig config) throws IOException {
    String shard = "diffusion_pytorch_model-00001-of-00001.safetensors";
    Path file = FakeCheckpoint.transformer(config).write(folder.resolve(name).resolve(shard));
    StringBuilder map = new StringBuilder();
    try (var source = dev.wanlet.weights.checkpoint.WeightFiles.open(file)) {
      source
          .tensors()
          .forEach(
              t ->
                  map.append(map.length() == 0 ? "" : ",")
                      .append("\"" + t.name() + "\":\"" + shard + "\""));
    }
    return Files.writeString(
        folder.resolve(name).resolve("diffusion_pytorch_model.safetensors.index.json"),
        "{\"metadata\":{},\"weight_map\":{" + map + "}}");
  }

  @Test
  void diffusersLayout() throws IOException {
    FakeCheckpoint.diffusersTransformer(BIG.transformer())
        .write(folder.resolve("transformer/diffusion_pytorch_model.safetensors"));
    FakeCheckpoint.diffusersTransformer(BIG.transformer())
        .write(folder.resolve("transformer_2/diffusion_pytorch_model.safetensors"));
    new FakeCheckpoint()
        .add("decoder.conv_in.weight", 384, 16, 3, 3, 3)
        .add("decoder.up_blocks.0.resnets.0.conv1.weight", 384, 384, 3, 3, 3)
        .write(folder.resolve("vae/diffusion_pytorch_model.safetensors"));
    FakeCheckpoint.huggingFaceTextEncoder(BIG.textEncoder())
        .write(folder.resolve("text_encoder/model.safetensors"));
    Files.createDirectories(folder.resolve("tokenizer"));
    Path tokenizer = Files.writeString(folder.resolve("tokenizer/tokenizer.json"), "{}");

    ModelFiles files = resolveFolder();

    assertThat(files.model()).isEqualTo(BIG);
    assertThat(files.highNoiseTransformer())
        .contains(folder.resolve("transformer/diffusion_pytorch_model.safetensors"));
    assertThat(files.transformer().getParent()).isEqualTo(folder.resolve("transformer_2"));
    assertThat(files.tokenizer()).isEqualTo(tokenizer);
  }

  @Test
  void comfyLayoutTakesTheVaeThatFits() throws IOException {
    Path split = folder.resolve("split_files");
    FakeCheckpoint.transformer(FIVE.transformer())
        .prefixed("model.diffusion_model.")
        .write(split.resolve("diffusion_models/wan2.2_ti2v_5B_fp16.safetensors"));
    FakeCheckpoint.vae(16).write(split.resolve("vae/wan_2.1_vae.safetensors"));
    FakeCheckpoint.vae(48).write(split.resolve("vae/wan2.2_vae.safetensors"));
    FakeCheckpoint.huggingFaceTextEncoder(FIVE.textEncoder())
        .write(split.resolve("text_encoders/umt5_xxl_fp16.safetensors"));
    new FakeCheckpoint().add("blocks.0.lora_A", 4, 4).write(split.resolve("loras/a.safetensors"));
    tokenizer(folder);

    ModelFiles files = resolveFolder();

    assertThat(files.model()).isEqualTo(FIVE);
    assertThat(files.vae()).isEqualTo(split.resolve("vae/wan2.2_vae.safetensors"));
  }

  @Test
  void aSingleFileTakesTheRestFromTheDemoModel() throws IOException {
    Path own =
        FakeCheckpoint.transformer(TINY.transformer()).write(temp.resolve("own.safetensors"));
    ModelSelection selection = ModelSelection.none().with(ModelPart.TRANSFORMER, own);
    ModelFiles files = resolver.resolve(selection);
    assertThat(files.transformer()).isEqualTo(own);
    assertThat(files.fromDemo())
        .containsExactlyInAnyOrder(ModelPart.VAE, ModelPart.TEXT_ENCODER, ModelPart.TOKENIZER);
    assertThat(resolver.resolve(ModelSelection.none().withModel(own.toString()))).isEqualTo(files);
  }

  @Test
  void aTextEncoderOfTheDemoVocabularyTakesItsTokenizer() throws IOException {
    Path own =
        FakeCheckpoint.textEncoder(TINY.textEncoder()).write(temp.resolve("t/t.safetensors"));
    ModelFiles files = resolver.resolve(ModelSelection.none().with(ModelPart.TEXT_ENCODER, own));
    assertThat(files.textEncoder()).isEqualTo(own);
    assertThat(files.tokenizer()).startsWith(demo);
    assertThat(files.fromDemo()).contains(ModelPart.TOKENIZER);
  }

  /** llama.cpp's splitter leaves the vocabulary in the first file. */
  @Test
  void aSplitTextEncoderBringsItsVocabularyInTheFirstFile() throws IOException {
    Path first = folder.resolve("umt5-00001-of-00002.gguf");
    gguf(
        first,
        "token_embd.weight",
        TINY.textEncoder().vocab(),
        GgufValue.stringArray(List.of("a", "b")));
    gguf(
        folder.resolve("umt5-00002-of-00002.gguf"),
        "enc.blk.0.attn_q.weight",
        TINY.textEncoder().dimAttn(),
        null);
    for (String given : List.of("", "umt5-00002-of-00002.gguf")) {
      Path encoder = folder.resolve(given);
      ModelFiles files =
          resolver.resolve(ModelSelection.none().with(ModelPart.TEXT_ENCODER, encoder));
      assertThat(files.textEncoder()).isEqualTo(encoder);
      assertThat(files.tokenizer()).as(given).isEqualTo(first);
    }
  }

  private static void gguf(Path file, String tensor, int rows, GgufValue tokens)
      throws IOException {
    Shape shape = Shape.of(rows, TINY.textEncoder().dim());
    try (GgufWriter writer = GgufWriter.create(file)) {
      writer.put("split.count", GgufValue.u32(2));
      if (tokens != null) {
        writer.put("tokenizer.ggml.tokens", tokens);
      }
      writer.declare(tensor, TensorType.F16, shape);
      writer.append(tensor, ByteBuffer.allocate((int) TensorType.F16.bytes(shape)));
      writer.commit();
    }
  }

  @Test
  void aFolderAloneTakesNothingFromTheDemoModel() throws IOException {
    ModelFiles files = ModelFiles.in(demo);
    assertThat(files.model()).isEqualTo(TINY);
    assertThat(files.vae()).isEqualTo(demo.resolve("vae.safetensors"));
    assertThat(files.fromDemo()).isEmpty();
    FakeCheckpoint.transformer(TINY.transformer()).write(folder.resolve("own.safetensors"));
    assertThatThrownBy(() -> ModelFiles.in(folder))
        .isInstanceOf(ModelFilesException.class)
        .hasMessageContaining("the VAE is missing")
        .hasMessageNotContaining("demo");
    ModelResolver alone = new ModelResolver(CATALOG);
    assertThatThrownBy(() -> alone.resolve(ModelSelection.none()))
        .hasMessageContaining("the transformer is missing: none was given");
    assertThatThrownBy(() -> alone.resolve(ModelSelection.none().withModel("tiny-wan")))
        .hasMessageContaining("the demo model does not come along here");
  }

  @Test
  void aMissingPartIsNamed() throws IOException {
    Path own = FakeCheckpoint.transformer(FIVE.transformer()).write(temp.resolve("5b.safetensors"));
    ModelSelection selection = ModelSelection.none().with(ModelPart.TRANSFORMER, own);
    assertFails(selection, ModelPart.VAE, "the VAE is missing", "48 latent channels");
    Path vae = FakeCheckpoint.vae(48).write(temp.resolve("vae.safetensors"));
    assertFails(
        selection.with(ModelPart.VAE, vae),
        ModelPart.TEXT_ENCODER,
        "the text encoder is missing",
        "4096 features");
    Path text =
        FakeCheckpoint.textEncoder(FIVE.textEncoder()).write(temp.resolve("t/t5.safetensors"));
    assertFails(
        selection.with(ModelPart.VAE, vae).with(ModelPart.TEXT_ENCODER, text),
        ModelPart.TOKENIZER,
        "the tokenizer is missing",
        "spiece.model");
  }

  @Test
  void partsThatDoNotFitAreRefused() throws IOException {
    Path vae = FakeCheckpoint.vae(48).write(temp.resolve("vae.safetensors"));
    assertFails(
        ModelSelection.none().with(ModelPart.VAE, vae),
        ModelPart.VAE,
        "has 48 latent channels",
        "needs 16");
    assertFails(
        ModelSelection.none().with(ModelPart.TRANSFORMER, vae),
        ModelPart.VAE,
        "a VAE was given as the transformer");
  }

  @Test
  void oneExpertIsNotEnough() throws IOException {
    Path high =
        FakeCheckpoint.transformer(BIG.transformer())
            .write(temp.resolve("Wan2.2-T2V-A14B-HighNoise.safetensors"));
    assertFails(
        ModelSelection.none().with(ModelPart.HIGH_NOISE_TRANSFORMER, high),
        ModelPart.TRANSFORMER,
        "the transformer is missing");
    assertFails(
        ModelSelection.none().with(ModelPart.TRANSFORMER, high),
        ModelPart.HIGH_NOISE_TRANSFORMER,
        "the high-noise transformer is missing");
  }

  @Test
  void twoFilesForOnePartAreListed() throws IOException {
    FakeCheckpoint.transformer(TINY.transformer()).write(folder.resolve("a.safetensors"));
    FakeCheckpoint.transformer(TINY.transformer()).write(folder.resolve("b.safetensors"));
    assertFails(
        ModelSelection.none().withModel(folder.toString()),
        ModelPart.TRANSFORMER,
        "a.safetensors, b.safetensors");
  }

  @Test
  void aDamagedFileIsNotReplacedByTheDemoModels() throws IOException {
    FakeCheckpoint.transformer(TINY.transformer()).write(folder.resolve("a.safetensors"));
    Files.writeString(folder.resolve("vae.safetensors"), "this is no weight file at all");
    assertFails(
        ModelSelection.none().withModel(folder.toString()),
        ModelPart.VAE,
        "the VAE is missing",
        "vae.safetensors");
    assertThatThrownBy(
            () ->
                resolver.resolve(
                    ModelSelection.none().with(ModelPart.VAE, folder.resolve("vae.safetensors"))))
        .isInstanceOf(WeightFormatException.class);
  }

  @Test
  void whatIsNotThereIsSaid() {
    assertThatThrownBy(() -> resolver.resolve(ModelSelection.none().withModel("nowhere.gguf")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("nowhere.gguf");
    assertFails(ModelSelection.none().withModel("wan2.1-t2v-14b"), null, "Wan-AI/Wan2.1-T2V-14B");
  }

  private void assertFails(ModelSelection selection, ModelPart wanted, String... words) {
    assertThatThrownBy(() -> resolver.resolve(selection))
        .isInstanceOfSatisfying(
            ModelFilesException.class, e -> assertThat(e.part().orElse(null)).isEqualTo(wanted))
        .hasMessageContainingAll(words);
  }
}
