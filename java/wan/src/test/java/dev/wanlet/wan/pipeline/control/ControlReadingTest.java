// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.media.Images;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.request.ControlSettings;
import dev.wanlet.wan.request.Margins;
import dev.wanlet.wan.request.MaskFill;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the control branch is shown, frame by frame; pictures hold their values exactly. */
class ControlReadingTest {
  private static final FrameSize SOURCE = new FrameSize(16, 8);
  private static final int AREA = 16 * 8;

  @TempDir Path folder;
  private Path video;
  private Path mask; // white in the right half

  private Path picture(String name, FrameSize size, IntUnaryOperator grey) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    byte[] rgb = new byte[3 * size.width() * size.height()];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) grey.applyAsInt(i / 3 % size.width());
    }
    RgbFrame frame = new RgbFrame(size.width(), size.height(), rgb);
    ImageIO.write(Images.toBufferedImage(frame), "png", file.toFile());
    return file;
  }

  @BeforeEach
  void draw() throws IOException {
    for (int i = 1; i <= 3; i++) {
      int grey = 50 * i;
      picture("video/" + i + ".png", SOURCE, x -> grey);
    }
    video = folder.resolve("video");
    mask = picture("mask.png", SOURCE, x -> x < 8 ? 0 : 255);
  }

  private static float signed(int grey) {
    return grey / 127.5f - 1;
  }

  private static ControlSettings settings(
      Optional<Path> video,
      Optional<Path> mask,
      MaskFill fill,
      Optional<Path> extended,
      Margins margins) {
    return new ControlSettings(video, mask, fill, extended, 1, margins, Fit.CROP, List.of(), 1);
  }

  private ControlSettings video(Path maskOrNone, MaskFill fill, Margins margins) {
    return settings(
        Optional.of(video), Optional.ofNullable(maskOrNone), fill, Optional.empty(), margins);
  }

  private static ControlReading open(ControlSettings settings, FrameSize size, int first, int count)
      throws IOException {
    return new ControlReading(settings, size, 16, new ControlClip.Shown(first, count, SOURCE));
  }

  @Test
  void withoutAVideoAllIsMadeAnewOfNothing() throws IOException {
    try (ControlReading reading =
        new ControlReading(ControlSettings.NONE, SOURCE, 16, ControlClip.Shown.NOTHING)) {
      assertThat(reading.frame(0)).hasSize(3 * AREA).containsOnly(0);
      assertThat(reading.mask(4)).hasSize(AREA).containsOnly(1);
    }
  }

  @Test
  void withoutAMaskAllOfTheVideoIsShownAndMadeAnew() throws IOException {
    try (ControlReading reading = open(video(null, MaskFill.GREY, Margins.NONE), SOURCE, 0, 3)) {
      for (int pass = 0; pass < 2; pass++) {
        assertThat(reading.frame(0)).containsOnly(signed(50));
        assertThat(reading.frame(2)).containsOnly(signed(150));
      }
      assertThat(reading.mask(2)).containsOnly(1);
      // Behind its end there is nothing to show.
      assertThat(reading.frame(3)).containsOnly(0);
      assertThat(reading.mask(3)).containsOnly(1);
    }
  }

  @Test
  void whereTheMaskIsWhiteNothingOfTheVideoIsShown() throws IOException {
    try (ControlReading reading = open(video(mask, MaskFill.GREY, Margins.NONE), SOURCE, 0, 3)) {
      float[] frame = reading.frame(1);
      assertThat(frame[7]).isEqualTo(signed(100));
      assertThat(frame[8]).isZero();
      assertThat(frame[2 * AREA + 8]).isZero();
      assertThat(reading.mask(1)[7]).isZero();
      assertThat(reading.mask(1)[8]).isEqualTo(1);
      assertThat(reading.mask(3)).containsOnly(1);
    }
    try (ControlReading reading = open(video(mask, MaskFill.VIDEO, Margins.NONE), SOURCE, 0, 3)) {
      assertThat(reading.frame(1)).containsOnly(signed(100));
      assertThat(reading.mask(1)[8]).isEqualTo(1);
    }
  }

  @Test
  void aMaskOfAnotherSizeLiesOverTheWholeVideo() throws IOException {
    Path large = picture("large.png", new FrameSize(64, 64), x -> x < 32 ? 0 : 255);
    try (ControlReading reading = open(video(large, MaskFill.GREY, Margins.NONE), SOURCE, 0, 3)) {
      assertThat(reading.mask(0)[5]).isZero();
      assertThat(reading.mask(0)[10]).isEqualTo(1);
      assertThat(reading.mask(0)[AREA - 1]).isEqualTo(1);
    }
  }

  @Test
  void masksChangeWithTheirVideoAndTheLastOneHolds() throws IOException {
    picture("masks/1.png", SOURCE, x -> 0);
    picture("masks/2.png", SOURCE, x -> 255);
    Path masks = folder.resolve("masks");
    try (ControlReading reading = open(video(masks, MaskFill.GREY, Margins.NONE), SOURCE, 0, 3)) {
      assertThat(reading.frame(0)).containsOnly(signed(50));
      assertThat(reading.frame(1)).containsOnly(0);
      assertThat(reading.mask(2)).containsOnly(1);
      assertThat(reading.mask(0)).containsOnly(0);
      assertThat(reading.frame(2)).containsOnly(0);
    }
  }

  @Test
  void whatLiesBeyondTheVideoIsMadeAnewAndTheVideoIsKept() throws IOException {
    Margins margins = new Margins(16, 0, 0, 8);
    FrameSize size = new FrameSize(32, 16);
    try (ControlReading reading = open(video(null, MaskFill.GREY, margins), size, 0, 3)) {
      float[] frame = reading.frame(0);
      float[] masked = reading.mask(0);
      assertThat(frame[15]).isZero();
      assertThat(masked[15]).isEqualTo(1);
      assertThat(frame[16]).isEqualTo(signed(50));
      assertThat(masked[16]).isZero();
      assertThat(frame[7 * 32 + 31]).isEqualTo(signed(50));
      assertThat(masked[8 * 32 + 31]).isEqualTo(1);
    }
    // A mask and margins go together.
    try (ControlReading reading = open(video(mask, MaskFill.VIDEO, margins), size, 0, 3)) {
      assertThat(reading.mask(0)[16]).isZero();
      assertThat(reading.mask(0)[31]).isEqualTo(1);
      assertThat(reading.mask(0)[3]).isEqualTo(1);
      assertThat(reading.frame(0)[31]).isEqualTo(signed(50));
      assertThat(reading.frame(0)[3]).isZero();
    }
  }

  @Test
  void anExtendedVideoKeepsItsLastFramesAndLeavesTheRestOpen() throws IOException {
    ControlSettings settings =
        settings(
            Optional.empty(), Optional.empty(), MaskFill.GREY, Optional.of(video), Margins.NONE);
    try (ControlReading reading = open(settings, SOURCE, 1, 2)) {
      assertThat(reading.frame(0)).containsOnly(signed(100));
      assertThat(reading.frame(1)).containsOnly(signed(150));
      assertThat(reading.mask(1)).containsOnly(0);
      assertThat(reading.frame(2)).containsOnly(0);
      assertThat(reading.mask(2)).containsOnly(1);
    }
  }

  @Test
  void framesOfAnotherSizeAreCutToFill() throws IOException {
    float[] masked = new float[64];
    try (ControlReading reading =
        open(video(mask, MaskFill.GREY, Margins.NONE), new FrameSize(8, 8), 0, 3)) {
      System.arraycopy(reading.mask(0), 0, masked, 0, 64);
      assertThat(reading.frame(0)[3]).isEqualTo(signed(50));
    }
    // Four columns at either side are cut off, of mask and video alike.
    float[] row = Arrays.copyOf(masked, 8);
    assertThat(row).containsExactly(0, 0, 0, 0, 1, 1, 1, 1);
  }
}
