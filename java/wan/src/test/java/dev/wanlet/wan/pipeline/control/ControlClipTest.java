// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.media.Images;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import dev.wanlet.wan.request.FileList;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read before a clip is made, and what of it is told. */
class ControlClipTest {
  private static final ModelDefaults VACE = ModelCatalog.standard().require("wan2.1-vace-1.3b");

  @TempDir Path folder;

  private Path clip(String name, int frames, double fps) throws IOException {
    Path file = folder.resolve(name);
    try (FrameSink sink = FrameSinks.open(file, 64, 48, fps, VideoMetadata.builder().build())) {
      for (int i = 0; i < frames; i++) {
        sink.accept(new byte[64 * 48 * 3]);
      }
      sink.finish();
    }
    return file;
  }

  private Path picture(String name, int width, int height) throws IOException {
    Path file = folder.resolve(name);
    RgbFrame frame = new RgbFrame(width, height, new byte[3 * width * height]);
    ImageIO.write(Images.toBufferedImage(frame), "png", file.toFile());
    return file;
  }

  private GenerationRequest.Builder request() {
    return GenerationRequest.builder().prompt("a fox").output(folder.resolve("clip.mp4"));
  }

  /** The lines that reading a request gives, without folders. */
  private List<String> notes(GenerationRequest.Builder request) throws IOException {
    List<String> notes = new ArrayList<>();
    ControlClip clip = ControlClip.read(request.build(VACE), notes::add);
    assertThat(clip.units()).isPositive();
    return notes.stream().map(n -> n.replace(folder + "/", "")).toList();
  }

  @Test
  void aVideoThatFitsGoesWithoutSaying() throws IOException {
    GenerationRequest.Builder asItIs =
        request().set(Settings.CONTROL_VIDEO, clip("video.mp4", 9, 16));
    assertThat(notes(asItIs)).isEmpty();
    GenerationRequest built = asItIs.build(VACE);
    assertThat(built.clip().frames()).isEqualTo(9);
    assertThat(built.clip().size()).hasToString("64x48");
  }

  @Test
  void aLongerOneIsCutAndAShorterOneGoesOnFreely() throws IOException {
    Path video = clip("video.mp4", 9, 16);
    assertThat(notes(request().frames(5).set(Settings.CONTROL_VIDEO, video)))
        .containsExactly("video.mp4 goes on after the clip's 5 frames: the rest is left out");
    assertThat(notes(request().frames(13).set(Settings.CONTROL_VIDEO, video)))
        .containsExactly(
            "video.mp4 ends after 9 of the clip's 13 frames: the others are made anew");
    assertThat(notes(request().set(Settings.CONTROL_VIDEO, clip("odd.mp4", 8, 16))))
        .containsExactly("odd.mp4 goes on after the clip's 5 frames: the rest is left out");
  }

  @Test
  void anotherRateAndAnotherShapeAreTold() throws IOException {
    Path video = clip("fast.mp4", 20, 32);
    GenerationRequest.Builder request =
        request().frames(9).size(64, 64).set(Settings.CONTROL_VIDEO, video);
    assertThat(notes(request))
        .containsExactly(
            "fast.mp4 has 32.000 frames a second, the clip 16.000: at each of its moments the frame"
                + " that is shown then is taken",
            "fast.mp4 is 64x48: to fill frames of 64x64, 25% of it is cut off at two sides",
            "fast.mp4 goes on after the clip's 9 frames: the rest is left out");
    // As fast as the video the clip takes all of it.
    assertThat(request().fps(32).set(Settings.CONTROL_VIDEO, video).build(VACE).clip().frames())
        .isEqualTo(17);
  }

  @Test
  void aMaskOfAnotherShapeOrLengthIsTold() throws IOException {
    Path video = clip("video.mp4", 9, 16);
    GenerationRequest.Builder request = request().set(Settings.CONTROL_VIDEO, video);
    assertThat(notes(request.set(Settings.CONTROL_MASK, picture("same.png", 128, 96)))).isEmpty();
    assertThat(notes(request.set(Settings.CONTROL_MASK, picture("square.png", 64, 64))))
        .containsExactly(
            "square.png is 64x64, the control video 64x48: it is stretched to that shape");
    assertThat(notes(request.set(Settings.CONTROL_MASK, clip("mask.mp4", 4, 16))))
        .containsExactly(
            "mask.mp4 ends after 4 of the 9 frames of the control video: its last one holds for"
                + " the others");
  }

  @Test
  void aBeginningMayBeShorterThanAskedFor() throws IOException {
    Path video = clip("video.mp4", 7, 16);
    assertThat(notes(request().frames(17).set(Settings.EXTEND, video))).isEmpty();
    assertThat(request().frames(17).set(Settings.EXTEND, video).build(VACE).control().overlap())
        .isEqualTo(5);
    assertThat(
            notes(request().frames(17).set(Settings.EXTEND, video).set(Settings.EXTEND_FRAMES, 9)))
        .containsExactly("video.mp4 has no more than 7 frames: the clip begins with them");
    assertThat(
            request()
                .frames(17)
                .set(Settings.EXTEND, picture("one.png", 64, 48))
                .build(VACE)
                .control()
                .overlap())
        .isEqualTo(1);
  }

  @Test
  void damageIsFoundBeforeAnyWork() throws IOException {
    Path video = clip("video.mp4", 9, 16);
    byte[] whole = Files.readAllBytes(video);
    int middle = whole.length / 2;
    Arrays.fill(whole, middle - 200, middle + 200, (byte) 0xff);
    Path damaged = Files.write(folder.resolve("damaged.mp4"), whole);
    assertThatThrownBy(
            () -> notes(request().size(64, 48).frames(9).set(Settings.CONTROL_VIDEO, damaged)))
        .hasMessageContaining("damaged.mp4");
    Path none = folder.resolve("none.png");
    assertThatThrownBy(() -> notes(request().set(Settings.REF_IMAGE, FileList.of(none))))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("none.png: no such file");
  }
}
