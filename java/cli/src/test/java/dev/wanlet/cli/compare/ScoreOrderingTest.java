// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * 24 clips in files, each damaged in four strengths: {@code score} puts them in order, and takes
 * another encoding for less than the weakest damage.
 */
class ScoreOrderingTest {
  private static final int CLIPS = 24;
  private static final int STRENGTHS = 4;
  private static final int SIZE = 48;
  private static final int FRAMES = 11;

  @TempDir private Path folder;

  /** A level, 0 to 255, at a place, frame and channel of a clip with a damage of a strength. */
  private interface Level {
    double at(Scene scene, int x, int y, int frame, int channel, int strength);
  }

  private enum Damage {
    BLUR("sharpness", true, (s, x, y, t, c, n) -> s.level(x, y, t, c, 1 + 2 * n)),
    FLICKER(
        "flicker",
        false,
        (s, x, y, t, c, n) -> s.level(x, y, t, c, 1) * (t % 2 == 0 ? 1 : 1 - 0.08 * n)),
    FROZEN(
        "dynamic_degree",
        true,
        (s, x, y, t, c, n) -> s.level(x, y, Math.min(t, FRAMES - 1 - 2 * n), c, 1)),
    COLOUR_DRIFT(
        "background_consistency",
        true,
        (s, x, y, t, c, n) -> s.level(x, y, t, c, 1) + (c == 0 ? n : c == 1 ? -n : 0) * t),
    NOISE(
        "noise", false, (s, x, y, t, c, n) -> s.level(x, y, t, c, 1) + 6 * n * ripple(x, y, t, c));

    private final String measure;
    private final boolean higherIsBetter;
    private final Level level;

    Damage(String measure, boolean higherIsBetter, Level level) {
      this.measure = measure;
      this.higherIsBetter = higherIsBetter;
      this.level = level;
    }

    /** The measure of a clip, turned so that this damage lowers it. */
    double worth(JsonNode clip) {
      double value = clip.get("measures").get(measure).asDouble();
      return higherIsBetter ? value : -value;
    }
  }

  /**
   * A shape that crosses the frame.
   *
   * @param number decides its shape, its way and its colours
   */
  private record Scene(int number) {
    private static final int[][] FORE = {{200, 40, 40}, {215, 215, 215}, {70, 180, 90}};
    private static final int[][] BACK = {{160, 160, 160}, {40, 50, 110}, {100, 70, 50}};

    double level(int x, int y, int frame, int channel, double edge) {
      int way = number / 2 % 4;
      double along = SIZE * (0.3 + 0.4 * frame / (FRAMES - 1));
      double at = way % 2 == 0 ? along : SIZE - along;
      double dx = x - (way < 2 ? at : SIZE / 2.0);
      double dy = y - (way < 2 ? SIZE / 2.0 : at);
      double outside =
          number % 2 == 0 ? Math.hypot(dx, dy) - 9 : Math.max(Math.abs(dx), Math.abs(dy)) - 8;
      double inside = Math.max(0, Math.min(1, 0.5 - outside / edge));
      int back = BACK[number / 8][channel];
      return back + (FORE[number / 8][channel] - back) * inside;
    }
  }

  private static int ripple(int x, int y, int frame, int channel) {
    int mixed = x * 73856093 ^ y * 19349663 ^ frame * 83492791 ^ channel * 961748927;
    return Integer.bitCount(mixed) % 2 == 0 ? 1 : -1;
  }

  @Test
  void everyStrengthIsWorseThanTheOneBeforeAndAnotherEncodingIsNot() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (int number = 0; number < CLIPS; number++) {
      String clean = write("clean.mp4", frames(Damage.BLUR, number, 0));
      List<String> files = new ArrayList<>(List.of(clean));
      files.add(write("again.mp4", VideoReader.readAll(Path.of(clean))));
      for (Damage damage : Damage.values()) {
        for (int strength = 1; strength <= STRENGTHS; strength++) {
          files.add(write(damage + "" + strength + ".mp4", frames(damage, number, strength)));
        }
      }
      JsonNode clips = score(files);
      for (Damage damage : Damage.values()) {
        int first = files.size() - STRENGTHS * (Damage.values().length - damage.ordinal());
        List<Double> worth = new ArrayList<>(List.of(damage.worth(clips.get(0))));
        for (int i = 0; i < STRENGTHS; i++) {
          worth.add(damage.worth(clips.get(first + i)));
        }
        double again = Math.abs(damage.worth(clips.get(1)) - worth.get(0));
        boolean falls = true;
        for (int i = 1; i <= STRENGTHS; i++) {
          falls &= worth.get(i) < worth.get(i - 1);
        }
        if (!falls || again >= worth.get(0) - worth.get(1)) {
          wrong.add(damage + " of clip " + number + ": " + worth + ", encoded again: " + again);
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static List<RgbFrame> frames(Damage damage, int number, int strength) {
    Scene scene = new Scene(number);
    List<RgbFrame> frames = new ArrayList<>();
    for (int t = 0; t < FRAMES; t++) {
      byte[] rgb = new byte[SIZE * SIZE * 3];
      for (int i = 0; i < rgb.length; i++) {
        double level = damage.level.at(scene, i / 3 % SIZE, i / 3 / SIZE, t, i % 3, strength);
        rgb[i] = (byte) Math.round(Math.max(0, Math.min(255, level)));
      }
      frames.add(new RgbFrame(SIZE, SIZE, rgb));
    }
    return frames;
  }

  private String write(String name, List<RgbFrame> frames) throws IOException {
    Path file = folder.resolve(name);
    try (FrameSink sink = FrameSinks.open(file, SIZE, SIZE, 16, VideoMetadata.empty())) {
      for (RgbFrame frame : frames) {
        sink.accept(frame);
      }
      sink.finish();
    }
    return file.toString();
  }

  private static JsonNode score(List<String> files) throws IOException {
    List<String> args = new ArrayList<>(List.of("score", "--json"));
    args.addAll(files);
    CommandRun run = CommandRun.of(args.toArray(String[]::new));
    assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
    return new ObjectMapper().readTree(run.out()).get("clips");
  }
}
