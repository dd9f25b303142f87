// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.synth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.model.clip.ClipConfig;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanVariant;
import dev.wanlet.wan.model.vae.Vae22;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kinds of models that nobody can have in a test, as small ones of random weights, from picture or
 * prompt to file; text encoder and 2.1 VAE are the demo model's.
 */
class SmallModelsTest {
  private static final int IMAGE_DIM = 160;

  @TempDir private Path folder;
  private Path picture;

  @BeforeEach
  void draw() throws IOException {
    picture = folder.resolve("red.png");
    BufferedImage image = new BufferedImage(90, 60, BufferedImage.TYPE_INT_RGB);
    image.createGraphics().fillRect(20, 10, 30, 30);
    ImageIO.write(image, "png", picture.toFile());
  }

  private Path write(String name, CheckpointKind kind, Map<String, Shape> tensors)
      throws IOException {
    return SmallModels.write(folder.resolve(name), kind, tensors);
  }

  private Path transformer(WanConfig config) throws IOException {
    return SmallModels.transformer(folder.resolve("transformer.gguf"), config);
  }

  private Path seeing(WanVariant variant) throws IOException {
    return transformer(new WanConfig(variant, 36, 16, 256, 512, 256, 256, 2, IMAGE_DIM, 0));
  }

  private Path clip() throws IOException {
    ClipConfig config = new ClipConfig(14, 16, IMAGE_DIM, 2 * IMAGE_DIM, 2, 2);
    return write("clip.gguf", CheckpointKind.IMAGE_ENCODER, PublishedTensors.imageEncoder(config));
  }

  private CommandRun generate(Path output, Object... options) {
    List<String> args =
        new ArrayList<>(
            List.of("generate", "-p", "a red circle", "--steps", "2", "--frames", "5", "-s", "1"));
    args.addAll(List.of("--size", "64x64", "--device", "CPU", "-t", "1", "-o", output.toString()));
    for (Object option : options) {
      args.add(option.toString());
    }
    return CommandRun.of(args.toArray(String[]::new));
  }

  @Test
  void imageToVideoOfWan21SeesThePictureThroughClip() throws IOException {
    Path model = seeing(WanVariant.I2V);
    Path clip = clip();
    Path file = folder.resolve("clip.mp4");
    CommandRun run =
        generate(file, "--diffusion-model", model, "--clip-vision", clip, "-i", picture, "--json");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(VideoReader.readAll(file)).hasSize(5);
    assertThat(run.out()).contains("\"clip\"", "\"encode\"");
    assertThat(VideoMetadata.read(file).setting("clip-vision"))
        .contains(clip.getFileName().toString());
    // Streamed through less memory it is the same clip.
    Path tight = folder.resolve("tight.mp4");
    CommandRun small =
        generate(
            tight,
            "--diffusion-model",
            model,
            "--clip-vision",
            clip,
            "-i",
            picture,
            "--vram",
            "24MiB");
    assertThat(small.code()).as(small.err()).isZero();
    assertThat(VideoReader.readAll(tight))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(VideoReader.readAll(file));
  }

  @Test
  void firstAndLastFrameOfWan21AreBothSeen() throws IOException {
    Path file = folder.resolve("clip.mp4");
    CommandRun run =
        generate(
            file,
            "--diffusion-model",
            seeing(WanVariant.FLF2V),
            "--clip-vision",
            clip(),
            "-i",
            picture,
            "--end-img",
            picture);
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(VideoReader.readAll(file)).hasSize(5);
  }

  @Test
  void aMissingClipFileIsOneErrorThatNamesTheUsualOne() throws IOException {
    CommandRun run =
        generate(
            folder.resolve("a.mp4"), "--diffusion-model", seeing(WanVariant.I2V), "-i", picture);
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err())
        .contains("CLIP image encoder is missing", "clip_vision_h.safetensors", "--clip-vision")
        .hasLineCount(1);
  }

  @Test
  void theFiveBillionKindMakesClipsOfTextWithTheVaeOfWan22() throws IOException {
    Path model = transformer(new WanConfig(WanVariant.TI2V, 48, 48, 256, 512, 256, 256, 2));
    Path vae = write("vae.gguf", CheckpointKind.VAE_2_2, Vae22.INSTANCE.config(8, 8, 48).tensors());
    Path file = folder.resolve("clip.mp4");
    CommandRun run = generate(file, "--diffusion-model", model, "--vae", vae);
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(VideoReader.readAll(file)).hasSize(5);
    assertThat(VideoMetadata.read(file).setting("fps")).contains(24.0);
    // The same model begins a clip with a picture.
    Path shown = folder.resolve("shown.mp4");
    CommandRun from = generate(shown, "--diffusion-model", model, "--vae", vae, "-i", picture);
    assertThat(from.code()).as(from.err()).isZero();
    assertThat(VideoMetadata.read(shown).setting("fit")).contains("crop");
    assertThat(VideoReader.readAll(shown).get(4)).isNotEqualTo(VideoReader.readAll(file).get(4));
  }
}
