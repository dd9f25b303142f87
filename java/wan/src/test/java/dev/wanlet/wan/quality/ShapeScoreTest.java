// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.SyntheticClip;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.ImageReader;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapeScoreTest {
  private static final int SIZE = 64;
  private static final int FRAMES = 17;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "red, circle, moving left, black",
    "green, circle, growing, gray",
    "white, circle, standing still, navy",
    "blue, square, moving right, black",
    "red, square, spinning, gray",
    "white, square, shrinking, black",
    "green, square, standing still, navy",
    "white, triangle, moving up, navy",
    "red, triangle, spinning, black",
    "green, triangle, growing, black",
    "white, star, moving down, gray",
    "blue, star, spinning, gray",
    "red, star, shrinking, navy",
    "green, star, standing still, black",
  })
  void tellsDrawnClips(String colour, String shape, String motion, String background) {
    ShapeScore expected = new ShapeScore(colour, shape, motion, background);
    assertThat(ShapeScore.of(draw(expected))).isEqualTo(expected);
  }

  @Test
  void tellsTheReferenceClipOfTheDemoModel() throws IOException {
    assertThat(ShapeScore.of(referenceClip()))
        .isEqualTo(ShapeScore.fromPrompt("a red circle moving left on a black background"));
  }

  @Test
  void tellsTheReferenceClipAfterVideoCompression() throws IOException {
    Path file = folder.resolve("clip.mp4");
    try (FrameSink sink = FrameSinks.open(file, SIZE, SIZE, 16, VideoMetadata.empty())) {
      for (RgbFrame frame : referenceClip()) {
        sink.accept(frame);
      }
      sink.finish();
    }
    assertThat(ShapeScore.of(VideoReader.readAll(file)))
        .isEqualTo(new ShapeScore("red", "circle", "moving left", "black"));
  }

  @Test
  void emptyBackgroundHasNoShape() {
    RgbFrame frame =
        SyntheticClip.draw(SIZE, SIZE, 32, 32, (x, y) -> 1, SyntheticClip.RED, SyntheticClip.NAVY);
    assertThat(ShapeScore.of(List.of(frame, frame)))
        .isEqualTo(new ShapeScore(ShapeScore.NONE, ShapeScore.NONE, ShapeScore.NONE, "navy"));
    assertThatThrownBy(() -> ShapeScore.of(List.of())).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void readsPromptsOfTheGrammarAndItsVariants() {
    assertThat(ShapeScore.fromPrompt("A video of a yellow star is spinning, on a brown background"))
        .isEqualTo(new ShapeScore("yellow", "star", "spinning", "brown"));
    assertThat(ShapeScore.fromPrompt("a purple square"))
        .isEqualTo(new ShapeScore("purple", "square", ShapeScore.NONE, ShapeScore.NONE));
  }

  @Test
  void countsAgreement() {
    ShapeScore asked = ShapeScore.fromPrompt("a red star spinning on a gray background");
    assertThat(asked.agreement(new ShapeScore("red", "star", "growing", "gray"))).isEqualTo(3);
    assertThat(asked.agreement(asked)).isEqualTo(4);
  }

  private static List<RgbFrame> referenceClip() throws IOException {
    Path strip = Files.createTempFile("clip", ".png");
    try (InputStream in = ShapeScoreTest.class.getResourceAsStream("red-circle-moving-left.png")) {
      Files.write(strip, in.readAllBytes());
      RgbFrame all = ImageReader.read(strip);
      int bytes = SIZE * SIZE * 3;
      List<RgbFrame> frames = new ArrayList<>();
      for (int t = 0; t < all.height() / SIZE; t++) {
        frames.add(
            new RgbFrame(SIZE, SIZE, Arrays.copyOfRange(all.rgb24(), t * bytes, (t + 1) * bytes)));
      }
      return frames;
    } finally {
      Files.delete(strip);
    }
  }

  private static List<RgbFrame> draw(ShapeScore what) {
    List<RgbFrame> clip = new ArrayList<>();
    for (int t = 0; t < FRAMES; t++) {
      double u = t / (FRAMES - 1.0);
      double dx = 0;
      double dy = 0;
      double size = 13;
      double angle = 0.2;
      switch (what.motion()) {
        case "moving left" -> dx = 14 - 28 * u;
        case "moving right" -> dx = 28 * u - 14;
        case "moving up" -> dy = 14 - 28 * u;
        case "moving down" -> dy = 28 * u - 14;
        case "growing" -> size = 9 + 9 * u;
        case "shrinking" -> size = 18 - 9 * u;
        case "spinning" -> angle = Math.PI * u;
        default -> {}
      }
      clip.add(
          SyntheticClip.draw(
              SIZE,
              SIZE,
              32 + dx,
              32 + dy,
              inside(what.shape(), size, angle),
              colour(what.colour()),
              colour(what.background())));
    }
    return clip;
  }

  private static DoubleBinaryOperator inside(String shape, double size, double turn) {
    return (x, y) -> {
      double r = Math.hypot(x, y);
      double a = Math.atan2(y, x) - turn;
      return switch (shape) {
        case "circle" -> r - size;
        case "square" -> r * Math.cos(sector(a, 4)) - size * 0.8;
        case "triangle" -> r * Math.cos(sector(a, 3)) - size * 0.6;
        case "star" -> r - size * star(a);
        default -> throw new IllegalArgumentException(shape);
      };
    };
  }

  /** The angle from the middle of the nearest of n sides. */
  private static double sector(double angle, int n) {
    return Math.IEEEremainder(angle, 2 * Math.PI / n);
  }

  /** Radius of a five-pointed star, 1 at the points and 0.45 between them. */
  private static double star(double angle) {
    double half = Math.PI / 5;
    double a = Math.abs(Math.IEEEremainder(angle, 2 * half));
    double inner = 0.45;
    return inner * Math.sin(half) / (Math.sin(a) + inner * Math.sin(half - a));
  }

  private static int[] colour(String name) {
    return switch (name) {
      case "red" -> SyntheticClip.RED;
      case "green" -> SyntheticClip.GREEN;
      case "blue" -> SyntheticClip.BLUE;
      case "white" -> SyntheticClip.WHITE;
      case "black" -> SyntheticClip.BLACK;
      case "gray" -> SyntheticClip.GRAY;
      case "navy" -> SyntheticClip.NAVY;
      default -> throw new IllegalArgumentException(name);
    };
  }
}
