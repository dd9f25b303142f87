// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.synth.SmallModels;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanVariant;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A VACE transformer of random weights from flags to file; text encoder and VAE are the demo
 * model's.
 */
class ControlFlagsTest {
  @TempDir private static Path shared;
  private static Path model;
  private static Path video; // 9 frames of 64x48 at 16 a second

  @TempDir private Path folder;

  @BeforeAll
  static void write() throws IOException {
    model =
        SmallModels.transformer(
            shared.resolve("vace.gguf"),
            new WanConfig(WanVariant.VACE, 16, 16, 256, 512, 256, 256, 4, 0, 2));
    video = clip(shared.resolve("video.mp4"), 9, 16);
  }

  private static Path clip(Path file, int frames, double fps) throws IOException {
    try (FrameSink sink = FrameSinks.open(file, 64, 48, fps, VideoMetadata.builder().build())) {
      for (int i = 0; i < frames; i++) {
        byte[] rgb = new byte[64 * 48 * 3];
        for (int p = 0; p < rgb.length; p++) {
          rgb[p] = (byte) (p / 3 % 64 / 8 == i % 8 ? 220 : 40);
        }
        sink.accept(rgb);
      }
      sink.finish();
    }
    return file;
  }

  private static Path picture(Path file, int width, int height, int whiteFrom) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(whiteFrom, 0, width, height);
    g.dispose();
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  private CommandRun generate(String output, Object... options) {
    List<String> args = new ArrayList<>(List.of("generate", "-p", "a red circle", "-s", "1"));
    args.addAll(List.of("--steps", "2", "--cfg-scale", "1", "--device", "CPU", "-t", "1"));
    args.addAll(List.of("--diffusion-model", model.toString()));
    args.addAll(List.of("-o", folder.resolve(output).toString()));
    for (Object option : options) {
      args.add(option.toString());
    }
    return CommandRun.of(args.toArray(String[]::new));
  }

  private List<RgbFrame> frames(String output) throws IOException {
    return VideoReader.readAll(folder.resolve(output));
  }

  private List<RgbFrame> made(String output, Object... options) throws IOException {
    CommandRun run = generate(output, options);
    assertThat(run.code()).as(run.err()).isZero();
    return frames(output);
  }

  private static void assertSame(List<RgbFrame> actual, List<RgbFrame> expected) {
    assertThat(actual).usingRecursiveFieldByFieldElementComparator().isEqualTo(expected);
  }

  private static void assertOther(List<RgbFrame> actual, List<RgbFrame> expected) {
    assertThat(Arrays.equals(actual.get(0).rgb24(), expected.get(0).rgb24())).isFalse();
  }

  @Test
  void aControlVideoBecomesAClipOfItsShapeAndLength() throws IOException {
    CommandRun run = generate("clip.mp4", "--control-video", video, "--json");
    assertThat(run.code()).as(run.err()).isZero();
    List<RgbFrame> frames = frames("clip.mp4");
    assertThat(frames).hasSize(9);
    assertThat(frames.get(0).width()).isEqualTo(64);
    assertThat(frames.get(0).height()).isEqualTo(48);
    JsonNode json = new ObjectMapper().readTree(run.out());
    assertThat(json.path("stage_seconds").has("encode")).isTrue();
    VideoMetadata stored = VideoMetadata.read(folder.resolve("clip.mp4"));
    assertThat(stored.setting("control-video")).contains(video.toString());
    assertThat(stored.setting("control-strength")).contains(1.0);
    assertThat(stored.provenance()).containsKey("control-sha256");
    assertThat(CommandRun.of("inspect", folder.resolve("clip.mp4").toString()).out())
        .contains("--control-video " + video);
    // What it is shown shapes the clip.
    assertOther(made("empty.mp4", "--size", "64x48", "--frames", "9"), frames);
    assertOther(made("weak.mp4", "--control-video", video, "--control-strength", "0.5"), frames);
    // Streamed through less memory it is the same clip.
    assertSame(made("tight.mp4", "--control-video", video, "--vram", "24MiB"), frames);
  }

  @Test
  void picturesToReferToAreCutOffTheClip() throws IOException {
    Path reference = picture(folder.resolve("ref.png"), 90, 60, 30);
    List<RgbFrame> plain = made("plain.mp4", "--control-video", video, "--frames", "5");
    List<RgbFrame> one =
        made("one.mp4", "--control-video", video, "--frames", "5", "--ref-image", reference);
    assertThat(one).hasSize(5);
    assertOther(one, plain);
    List<RgbFrame> two =
        made(
            "two.mp4",
            "--size",
            "64x48",
            "--frames",
            "5",
            "--ref-image",
            reference,
            "--ref-image",
            picture(folder.resolve("other.png"), 64, 48, 10));
    assertThat(two).hasSize(5);
    assertThat(
            (List<?>)
                VideoMetadata.read(folder.resolve("two.mp4")).setting("ref-image").orElseThrow())
        .hasSize(2);
  }
}
