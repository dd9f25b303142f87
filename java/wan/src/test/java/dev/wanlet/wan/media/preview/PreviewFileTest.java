// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.preview;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wanlet.wan.media.OutputException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.read.ImageReader;
import dev.wanlet.wan.media.read.VideoReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures of a clip that is being made: colours, sheets, files. */
class PreviewFileTest {
  @TempDir private Path folder;

  private static RgbFrame plain(int width, int height, int red, int green, int blue) {
    byte[] rgb = new byte[width * height * 3];
    for (int i = 0; i < width * height; i++) {
      rgb[3 * i] = (byte) red;
      rgb[3 * i + 1] = (byte) green;
      rgb[3 * i + 2] = (byte) blue;
    }
    return new RgbFrame(width, height, rgb);
  }

  @Test
  void aGifMovesAndIsLargeEnoughToSee() throws IOException {
    Path file = folder.resolve("preview.gif");
    PreviewFile preview = new PreviewFile(file);
    for (int shade : new int[] {10, 200}) { // the second takes the place of the first
      preview.write(List.of(plain(8, 6, shade, 0, 0), plain(8, 6, 0, shade, 0)), 4);
    }
    List<RgbFrame> frames = VideoReader.readAll(file);
    assertThat(frames).hasSize(2);
    assertThat(frames.get(0).width()).isEqualTo(320);
    assertThat(frames.get(1).green(319, 239)).isEqualTo(200);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void aGifIsShownAsFastOrSlowAsCanBe() throws IOException {
    Path file = folder.resolve("preview.gif");
    PreviewFile preview = new PreviewFile(file);
    List<RgbFrame> frames = List.of(plain(8, 6, 10, 0, 0), plain(8, 6, 0, 200, 0));
    preview.write(frames, 60);
    try (VideoReader reader = VideoReader.open(file)) {
      assertThat(reader.fps()).isEqualTo(50);
    }
    preview.write(frames, 0.0025);
    try (VideoReader reader = VideoReader.open(file)) {
      assertThat(reader.fps()).isCloseTo(0.01, within(1e-6));
    }
  }

  @Test
  void aPlaceThatWasTakenAwayIsAFailureOfTheDisk() throws IOException {
    for (String name : List.of("preview.gif", "preview.png")) {
      Path file = folder.resolve(name);
      PreviewFile preview = new PreviewFile(file);
      Files.createDirectory(file);
      assertThatThrownBy(() -> preview.write(List.of(plain(8, 6, 10, 0, 0)), 4))
          .as(name)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("folder");
    }
  }

  @Test
  void aPictureHasMomentsSideBySide() throws IOException {
    Path file = folder.resolve("preview.png");
    List<RgbFrame> frames = new ArrayList<>();
    for (int i = 0; i < 21; i++) {
      frames.add(plain(400, 10, 10 * i, 0, 0));
    }
    new PreviewFile(file).write(frames, 4);
    RgbFrame sheet = ImageReader.read(file);
    assertThat(sheet.width()).isEqualTo(1200);
    assertThat(sheet.height()).isEqualTo(30);
    assertThat(sheet.red(0, 0)).isZero();
    assertThat(sheet.red(600, 15)).isEqualTo(100);
    assertThat(sheet.red(1199, 29)).isEqualTo(200);
  }

  @Test
  void otherFormatsAreRefused() {
    assertThatThrownBy(() -> new PreviewFile(folder.resolve("preview.mp4")))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("expected .png, or .gif");
    assertThatThrownBy(() -> new PreviewFile(folder.resolve("p%04d.png")))
        .isInstanceOf(OutputException.class);
  }

  @Test
  void aFitFindsTheColoursThatLatentsWereMadeOf() {
    Random random = new Random(1);
    List<List<Float>> weights = new ArrayList<>();
    for (int c = 0; c < 3; c++) {
      List<Float> row = new ArrayList<>(Collections.nCopies(2 * 9, 0f));
      row.replaceAll(w -> (float) random.nextGaussian() / 10);
      weights.add(row);
    }
    LatentColors truth = new LatentColors(weights, List.of(0.1f, -0.2f, 0.3f));
    int height = 12;
    int width = 14;
    float[] latents = new float[2 * 3 * height * width];
    for (int i = 0; i < latents.length; i++) {
      latents[i] = (float) random.nextGaussian();
    }
    float[] means = new float[3 * 3 * height * width];
    for (int t = 0; t < 3; t++) {
      float[] planes = truth.planes(latents, 3, t, height, width);
      System.arraycopy(planes, 0, means, t * planes.length, planes.length);
    }
    ColorFit fit = new ColorFit(2);
    fit.add(latents, 3, height, width, means);
    LatentColors found = fit.solve(1e-6);
    for (int c = 0; c < 3; c++) {
      assertThat(found.bias().get(c)).isCloseTo(truth.bias().get(c), within(1e-3f));
      for (int k = 0; k < 18; k++) {
        assertThat(found.weights().get(c).get(k)).isCloseTo(weights.get(c).get(k), within(1e-3f));
      }
    }
  }

  @Test
  void aFitOfTooLittleIsRefused() {
    ColorFit fit = new ColorFit(16);
    fit.add(new float[16 * 4], 1, 2, 2, new float[12]);
    assertThatThrownBy(() -> fit.solve(1e-4))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("4 cells");
  }

  @Test
  void meansAreThoseOfTheFramesOfALatentFrame() {
    List<float[]> clip = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      float[] frame = new float[3 * 4 * 4];
      Arrays.fill(frame, i);
      clip.add(frame);
    }
    float[] means = ColorFit.means(clip, 4, 4, 2, 4);
    assertThat(means).hasSize(2 * 3 * 4);
    assertThat(means[0]).isZero();
    assertThat(means[12]).isEqualTo(2.5f);
  }
}
