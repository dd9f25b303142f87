// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoreCommandTest {
  private static final int SIZE = 64;
  private static final int FRAMES = 9;

  @TempDir Path folder;

  @Test
  void everyDamageCostsItsOwnMeasureTheMoreTheStrongerItIs() throws IOException {
    assertOrdered("sharpness", true, (x, t, edge) -> disc(x, t, edge));
    assertOrdered("flicker", false, (x, t, s) -> disc(x, t, 0) * (t % 2 == 0 ? 1 : 1 - 0.1 * s));
    assertOrdered("dynamic_degree", true, (x, t, s) -> disc(x, Math.min(t, 8 - 2 * s), 0));
    assertOrdered(
        "motion_roughness",
        false,
        (x, t, s) -> disc(x, List.of(1, 3, 5, 7).subList(0, s).contains(t) ? t - 1 : t, 0));
    assertOrdered("background_consistency", true, (x, t, s) -> disc(x, t, 0) + 2 * s * t);
    assertOrdered("subject_consistency", true, (x, t, s) -> disc(x, t, 0) - 2 * s * t);
    assertOrdered("noise", false, (x, t, s) -> disc(x, t, 0) + 6 * s * ripple(x[0], x[1], t));
  }

  @Test
  void aReferenceTellsPsnrSsimAndMotion() throws IOException {
    Path clean = clip("clean.mp4", (x, t, s) -> disc(x, t, 0), 0);
    Path noisy = clip("noisy.mp4", (x, t, s) -> disc(x, t, 0) + 30 * ripple(x[0], x[1], t), 0);
    JsonNode clips = score("--reference", clean.toString(), clean.toString(), noisy.toString());
    JsonNode same = clips.get(0).get("against_reference");
    assertThat(same.get("identical").asBoolean()).isTrue();
    assertThat(same.get("psnr").isNull()).isTrue();
    assertThat(same.get("ssim").asDouble()).isEqualTo(1);
    assertThat(same.get("motion").asDouble())
        .isPositive()
        .isEqualTo(same.get("motion_reference").asDouble());
    JsonNode worse = clips.get(1).get("against_reference");
    assertThat(worse.get("psnr").asDouble()).isBetween(10.0, 30.0);
    assertThat(worse.get("ssim").asDouble()).isBetween(0.0, 0.9);
    assertThat(worse.get("identical").asBoolean()).isFalse();
    assertThat(clips.get(1).get("notes")).isEmpty();
  }

  @Test
  void whatTheDemoModelWasAskedForIsCounted() throws IOException {
    Path file = clip("disc.mp4", (x, t, s) -> disc(x, t, 0), 0);
    JsonNode clip =
        score(file.toString(), "-p", "a white circle moving right on a navy background");
    assertThat(clip.get(0).get("caption_accuracy").asDouble()).isEqualTo(0.75);
  }

  @Test
  void aClipOfOurOwnBringsItsPrompt() throws IOException {
    Path ours = folder.resolve("ours.gif");
    CommandRun made =
        CommandRun.of(
            "generate",
            "-p",
            "a red circle moving left on a black background",
            "--steps",
            "2",
            "--frames",
            "9",
            "-t",
            "1",
            "--device",
            "CPU",
            "--no-prompt-cache",
            "-o",
            ours.toString());
    assertThat(made.code()).as(made.err()).isZero();
    Path theirs = clip("theirs.mp4", (x, t, s) -> disc(x, t, 0), 0);
    JsonNode clips = score(ours.toString(), theirs.toString());
    assertThat(clips.get(0).get("caption_accuracy").asDouble()).isBetween(0.0, 1.0);
    assertThat(clips.get(1).has("caption_accuracy")).isFalse();
    Path foreign = folder.resolve("foreign.gif");
    ImageIO.write(new BufferedImage(64, 64, BufferedImage.TYPE_3BYTE_BGR), "gif", foreign.toFile());
    assertThat(score(foreign.toString()).get(0).has("caption_accuracy")).isFalse();
    CommandRun table = CommandRun.of("score", ours.toString(), theirs.toString());
    assertThat(table.out()).containsPattern("caption_accuracy +[0-4] of 4 +- +parts");
  }

  @Test
  void aPromptThatLeavesSomethingOpenIsRefused() throws IOException {
    Path file = clip("disc.mp4", (x, t, s) -> disc(x, t, 0), 0);
    CommandRun run = CommandRun.of("score", file.toString(), "-p", "a red circle moving left");
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("--prompt", "does not name all of");
  }

  @Test
  void theTableSaysWhichWayIsBetterAndMotionIsNeither() throws IOException {
    Path file = clip("disc.mp4", (x, t, s) -> disc(x, t, 0), 0);
    CommandRun run = CommandRun.of("score", file.toString(), "--reference", file.toString());
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .containsPattern("sharpness .*higher is better")
        .containsPattern("flicker .*lower is better")
        .containsPattern("dynamic_degree .*higher is more motion, not better")
        .containsPattern("psnr +no error");
  }

  @Test
  void equalFramesOfALongerReferenceAreNotCalledIdentical() throws IOException {
    Path one = folder.resolve("black.mp4");
    Path two = folder.resolve("blacker.mp4");
    RgbFrame black = new RgbFrame(SIZE, SIZE, new byte[SIZE * SIZE * 3]);
    write(one, List.of(black, black));
    write(two, List.of(black, black, black));
    JsonNode held = score("--reference", two.toString(), one.toString()).get(0);
    assertThat(held.get("against_reference").get("psnr").isNull()).isTrue();
    assertThat(held.get("against_reference").get("identical").asBoolean()).isFalse();
    assertThat(held.get("notes").toString()).contains("up to the end of the shorter");
  }

  @Test
  void aReferenceOfAnotherSizeIsRefused() throws IOException {
    Path small = folder.resolve("small.mp4");
    write(small, List.of(new RgbFrame(32, 32, new byte[32 * 32 * 3])));
    Path file = clip("disc.mp4", (x, t, s) -> disc(x, t, 0), 0);
    CommandRun run = CommandRun.of("score", file.toString(), "--reference", small.toString());
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("64x64", "32x32", "one size").hasLineCount(1);
  }

  @Test
  void aMissingClipIsNamed() {
    CommandRun run = CommandRun.of("score", folder.resolve("none.mp4").toString());
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains("none.mp4").hasLineCount(1);
  }

  @Test
  void shortClipsAndLongerReferencesGetALine() throws IOException {
    Path one = folder.resolve("one.mp4");
    write(one, List.of(new RgbFrame(SIZE, SIZE, new byte[SIZE * SIZE * 3])));
    Path file = clip("disc.mp4", (x, t, s) -> disc(x, t, 0), 0);
    CommandRun run = CommandRun.of("score", one.toString(), "--reference", file.toString());
    assertThat(run.code()).isZero();
    assertThat(run.err())
        .contains(
            "flicker is left out",
            "the clip has 1 frame and the reference 9: they are held",
            "motion is left out");
    assertThat(run.out()).contains("sharpness", "Methods:", "blur effect", "psnr");
  }

  /** A level of grey at a place and frame, under a damage of a strength. */
  private interface Scene {
    double level(int[] place, int frame, int strength);
  }

  private void assertOrdered(String measure, boolean higherIsBetter, Scene scene)
      throws IOException {
    List<String> files = new ArrayList<>();
    for (int strength = 0; strength <= 4; strength += 2) {
      files.add(clip(measure + strength + ".mp4", scene, strength).toString());
    }
    List<Double> values = new ArrayList<>();
    score(files.toArray(String[]::new))
        .forEach(c -> values.add(c.get("measures").get(measure).asDouble()));
    for (int i = 1; i < values.size(); i++) {
      double gain = values.get(i) - values.get(i - 1);
      assertThat(higherIsBetter ? -gain : gain).as("%s %s", measure, values).isPositive();
    }
  }

  private static JsonNode score(String... args) throws IOException {
    List<String> all = new ArrayList<>(List.of("score", "--json"));
    all.addAll(Arrays.asList(args));
    CommandRun run = CommandRun.of(all.toArray(String[]::new));
    assertThat(run.code()).as(run.err()).isZero();
    return new ObjectMapper().readTree(run.out()).get("clips");
  }

  /** A bright disc moving right over a dark ground, with an edge so many times 2 pixels wide. */
  private static double disc(int[] place, int frame, int edge) {
    double distance = Math.hypot(place[0] - 20 - 3 * frame, place[1] - 32) - 12;
    double inside = Math.max(0, Math.min(1, 0.5 - distance / (1 + 2 * edge)));
    return 60 + 160 * inside;
  }

  private static int ripple(int x, int y, int frame) {
    return Integer.bitCount((x * 73856093) ^ (y * 19349663) ^ (frame * 83492791)) % 2 == 0 ? 1 : -1;
  }

  private Path clip(String name, Scene scene, int strength) throws IOException {
    List<RgbFrame> frames = new ArrayList<>();
    for (int t = 0; t < FRAMES; t++) {
      byte[] rgb = new byte[SIZE * SIZE * 3];
      for (int i = 0; i < rgb.length; i++) {
        double level = scene.level(new int[] {i / 3 % SIZE, i / 3 / SIZE}, t, strength);
        rgb[i] = (byte) Math.round(Math.max(0, Math.min(255, level)));
      }
      frames.add(new RgbFrame(SIZE, SIZE, rgb));
    }
    return write(folder.resolve(name), frames);
  }

  private static Path write(Path file, List<RgbFrame> frames) throws IOException {
    RgbFrame first = frames.get(0);
    try (FrameSink sink =
        FrameSinks.open(file, first.width(), first.height(), 16, VideoMetadata.empty())) {
      for (RgbFrame frame : frames) {
        sink.accept(frame);
      }
      sink.finish();
    }
    return file;
  }
}
