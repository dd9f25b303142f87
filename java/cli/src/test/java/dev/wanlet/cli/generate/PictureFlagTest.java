// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code generate} and {@code plan} with pictures, without naming a model. */
class PictureFlagTest {
  @TempDir Path folder;
  private Path picture;

  @BeforeEach
  void draw() throws IOException {
    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_ARGB);
    Graphics2D g = image.createGraphics();
    g.setColor(Color.RED);
    g.fillOval(10, 20, 20, 20);
    g.dispose();
    picture = folder.resolve("circle.png");
    ImageIO.write(image, "png", picture.toFile());
  }

  private CommandRun run(String command, String... arguments) {
    List<String> all = new ArrayList<>(List.of(command, "--threads", "1", "--device", "CPU"));
    all.addAll(List.of(arguments));
    return CommandRun.of(all.toArray(String[]::new));
  }

  @Test
  void aPictureTakesTheDemosModelForPictures() throws IOException {
    Path clip = folder.resolve("clip.mp4");
    CommandRun run =
        run(
            "generate",
            "-i",
            picture.toString(),
            "-p",
            "a red circle moving right on a black background",
            "--frames",
            "5",
            "--steps",
            "1",
            "-s",
            "3",
            "-o",
            clip.toString(),
            "--json");
    assertThat(run.code()).as(run.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(run.out());
    assertThat(json.path("stage_seconds").has("encode")).isTrue();
    assertThat(json.path("width").asInt()).isEqualTo(64);
    assertThat(run.err()).contains("tiny-wan-i2v, 64x64", "encode: done");
    CommandRun inspected = CommandRun.of("inspect", clip.toString());
    assertThat(inspected.out())
        .contains("--init-img " + picture, "--fit stretch", "model: tiny-wan-i2v");
  }

  @Test
  void aPlanHasTheStageThatEncodesIt() throws IOException {
    CommandRun run = run("plan", "-i", picture.toString(), "--size", "80x48", "--json");
    assertThat(run.code()).as(run.err()).isZero();
    JsonNode plan = new ObjectMapper().readTree(run.out());
    assertThat(plan.path("model").asText()).isEqualTo("tiny-wan-i2v");
    assertThat(plan.path("stages").findValuesAsText("name"))
        .containsExactly("text", "encode", "sample", "decode");
    CommandRun words = run("plan", "--model", "tiny-wan-i2v");
    assertThat(words.out()).contains("VAE encoder: bands of about");
  }

  @Test
  void theMachineChoosesAmongModelsForPicturesAndKeepsTheShape() throws IOException {
    Path wide = folder.resolve("wide.png");
    ImageIO.write(new BufferedImage(300, 200, BufferedImage.TYPE_INT_RGB), "png", wide.toFile());
    CommandRun run =
        CommandRun.of("plan", "-i", wide.toString(), "--device-spec", "rtx-4060", "--json");
    assertThat(run.code()).as(run.err()).isZero();
    JsonNode plan = new ObjectMapper().readTree(run.out());
    assertThat(plan.path("model").asText()).isEqualTo("wan2.2-ti2v-5b");
    double aspect = plan.path("width").asDouble() / plan.path("height").asDouble();
    assertThat(aspect).isBetween(1.42, 1.58);
  }

  @Test
  void whatDoesNotGoTogetherIsOneLineAndACode() throws IOException {
    CommandRun missing = run("generate", "-m", "tiny-wan-i2v", "-p", "a red circle", "--dry-run");
    assertThat(missing.code()).isEqualTo(ExitCode.USAGE);
    assertThat(missing.err()).contains("begins with a picture", "--init-img").hasLineCount(1);
    CommandRun text =
        run("generate", "-m", "tiny-wan", "-i", picture.toString(), "-p", "x", "--dry-run");
    assertThat(text.code()).isEqualTo(ExitCode.USAGE);
    assertThat(text.err()).contains("tiny-wan-i2v, ").hasLineCount(1);
    CommandRun nowhere =
        run("generate", "-i", folder.resolve("none.png").toString(), "-p", "x", "--dry-run");
    assertThat(nowhere.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(nowhere.err()).contains("none.png: no such file").hasLineCount(1);
    Path words = Files.writeString(folder.resolve("words.png"), "no picture");
    CommandRun damaged = run("generate", "-i", words.toString(), "-p", "x", "--dry-run");
    assertThat(damaged.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(damaged.err()).contains("is not a picture").hasLineCount(1);
  }
}
