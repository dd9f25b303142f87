// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static dev.wanlet.wan.pipeline.Clips.assertSameFrames;
import static dev.wanlet.wan.pipeline.Clips.frames;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.SyntheticClip;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.PictureReader;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.control.InitialFrames;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.cache.CacheKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clips and pictures of the demo model that are made over from a picture or a video. */
class MadeOverRunTest extends DemoRuns {
  private Path video;

  @BeforeEach
  void draw() throws IOException {
    video = moving("moving.mp4", 9, 16);
  }

  /** A red square that moves right, one pixel a frame. */
  private static RgbFrame frame(int t) {
    byte[] rgb = new byte[64 * 64 * 3];
    for (int y = 24; y < 42; y++) {
      for (int x = 14 + t; x < 32 + t; x++) {
        rgb[(y * 64 + x) * 3] = (byte) 220;
        rgb[(y * 64 + x) * 3 + 1] = 40;
        rgb[(y * 64 + x) * 3 + 2] = 40;
      }
    }
    return new RgbFrame(64, 64, rgb);
  }

  private Path moving(String name, int frames, double fps) throws IOException {
    Path file = folder.resolve(name);
    try (FrameSink sink = FrameSinks.open(file, 64, 64, fps, VideoMetadata.empty())) {
      for (int t = 0; t < frames; t++) {
        sink.accept(frame(t));
      }
      sink.finish();
    }
    return file;
  }

  private GenerationRequest.Builder request(String output) {
    return GenerationRequest.builder()
        .prompt("a red square moving right on a black background")
        .seed(5)
        .steps(20)
        .output(folder.resolve(output))
        .compute(ONE_THREAD);
  }

  private GenerationRequest.Builder over(String output, double strength) {
    return request(output).set(Settings.INIT_VIDEO, video).set(Settings.STRENGTH, strength);
  }

  private GenerationResult generate(GenerationRequest.Builder request) throws IOException {
    return pipeline.generate(request.build(files.model()));
  }

  @Test
  void aLittleStrengthKeepsTheVideoAndMoreKeepsLess() throws IOException {
    GenerationResult little = generate(over("little.gif", 0.1));
    assertThat(little.request().clip().frames()).isEqualTo(9);
    assertThat(little.request().clip().size()).hasToString("64x64");
    assertThat(little.stepSeconds()).hasSize(2);
    assertThat(little.stageSeconds().keySet())
        .containsExactly(Stage.TEXT, Stage.ENCODE, Stage.SAMPLE, Stage.DECODE);
    assertThat(little.measuredPeakBytes()).isLessThanOrEqualTo(little.plannedPeakBytes());
    List<RgbFrame> source = new ArrayList<>();
    for (int t = 0; t < 9; t++) {
      source.add(frame(t));
    }
    double near = SyntheticClip.rmse(source, frames(little));
    assertThat(near).isLessThan(16);
    assertThat(SyntheticClip.rmse(source, frames(generate(over("more.gif", 0.7)))))
        .isGreaterThan(1.4 * near);
    VideoMetadata stored = VideoMetadata.read(little.output());
    assertThat(stored.setting("init-video")).contains("moving.mp4");
    assertThat(stored.setting("strength")).contains(0.1);
    assertThat(stored.setting("steps")).contains(20L);
  }

  /** At noise level 1 nothing of the video is left: the clip is that of the prompt and seed. */
  @Test
  void allStrengthIsTheClipWithoutTheVideo() throws IOException {
    assertSameFrames(
        generate(over("over.gif", 1).steps(2)), generate(request("anew.gif").steps(2).frames(9)));
  }

  @Test
  void aTightBudgetStreamsAndBandsToTheSameClip() throws IOException {
    GenerationResult free = generate(over("free.gif", 0.1));
    long needed = 1;
    while (true) {
      try {
        pipeline.plan(over("p.gif", 0.1).compute(within(needed)).build(files.model()));
        break;
      } catch (MemoryBudgetException e) {
        needed = e.neededBytes();
      }
    }
    assertThat(needed).isLessThan(free.measuredPeakBytes());
    GenerationResult tight = generate(over("tight.gif", 0.1).compute(within(needed)));
    assertThat(tight.measuredPeakBytes()).isLessThanOrEqualTo(needed);
    assertSameFrames(tight, free);
  }

  private static ComputeSettings within(long budget) {
    return new ComputeSettings(
        "CPU", OptionalInt.of(1), OptionalLong.of(budget), OptionalLong.empty(), Precision.AUTO);
  }

  @Test
  void aStoppedRunGoesOnToTheSameClipEvenWithoutTheVideo() throws IOException {
    GenerationResult whole = generate(over("whole.gif", 0.2));
    GenerationRequest request = over("again.gif", 0.2).build(files.model());
    RunCheckpoint saved = Clips.stopped(pipeline, request);
    Files.delete(video);
    GenerationRequest again =
        new SavedSettings(folder, saved.settings())
            .request(
                files.model(),
                SettingValues.NONE.with(Settings.THREADS, 1).with(Settings.DEVICE, "CPU"),
                request.output());
    GenerationResult resumed = pipeline.generate(again, RunOptions.defaults().resuming(saved));
    assertThat(resumed.stageSeconds().keySet()).doesNotContain(Stage.ENCODE);
    assertSameFrames(resumed, whole);
  }

  @Test
  void aPictureIsMadeOverAsAPicture() throws IOException {
    Path picture = folder.resolve("square.png");
    try (FrameSink sink = FrameSinks.open(picture, 64, 64, 16, VideoMetadata.empty())) {
      sink.accept(frame(0));
      sink.finish();
    }
    assertThat(SettingValues.NONE.with(Settings.INIT_IMG, picture).model().pictures()).isTrue();
    SettingValues over =
        SettingValues.NONE.with(Settings.INIT_IMG, picture).with(Settings.STRENGTH, 0.1);
    assertThat(over.model().pictures()).isFalse();
    GenerationResult result = generate(request("over.png").frames(1).set(over));
    assertThat(result.output()).isEqualTo(folder.resolve("over.png"));
    RgbFrame made = PictureReader.read(result.output()).frame();
    assertThat(SyntheticClip.rmse(List.of(frame(0)), List.of(made))).isLessThan(16);
  }

  private List<String> notes(GenerationRequest.Builder request) throws IOException {
    List<String> notes = new ArrayList<>();
    InitialFrames.read(request.build(files.model()), notes::add);
    return notes;
  }

  @Test
  void whatOfTheVideoIsNotTakenAsItIsHasALine() throws IOException {
    assertThat(notes(over("a.gif", 0.5))).isEmpty();
    assertThat(notes(over("a.gif", 0.5).frames(5)))
        .containsExactly(video + " goes on after the clip's 5 frames: the rest is left out");
    assertThat(notes(over("a.gif", 0.5).frames(17)))
        .containsExactly(
            video + " ends after 9 of the clip's 17 frames: its last one holds for the others");
    assertThat(notes(over("a.gif", 0.5).size(80, 48)))
        .containsExactly(
            video + " is 64x64: to fill frames of 80x48, 40% of it is cut off at two sides");
    Path fast = moving("fast.mp4", 33, 32);
    GenerationRequest.Builder half = over("a.gif", 0.5).set(Settings.INIT_VIDEO, fast);
    assertThat(half.build(files.model()).clip().frames()).isEqualTo(13);
    assertThat(notes(half).get(0)).contains("has 32.000 frames a second, the clip 16.000");
    assertThat(over("a.gif", 0.55).notes(files.model()))
        .contains("--strength 0.55: the last 11 steps run, from noise level 0.786 on");
  }

  @Test
  void whatDoesNotGoTogetherIsRefused() throws IOException {
    assertThatThrownBy(() -> over("a.gif", 0).build(files.model()))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("--strength 0.0; expected more than 0 and at most 1");
    assertThatThrownBy(() -> over("a.gif", 0.04).build(files.model()))
        .hasMessageContaining("--strength 0.04 of 20 steps leaves none; give at least 0.05");
    assertThatThrownBy(() -> request("a.gif").set(Settings.STRENGTH, 0.5).build(files.model()))
        .hasMessageContaining("none was given; name one with --init-img or --init-video");
    assertThatThrownBy(() -> over("a.gif", 0.5).picture(video).build(files.model()))
        .hasMessageContaining("--init-video and --init-img were both given");
    assertThatThrownBy(
            () -> over("a.gif", 0.5).set(Settings.CACHE, CacheKind.MAG).build(files.model()))
        .isInstanceOf(RequestException.class);
    Path picture = folder.resolve("square.png");
    try (FrameSink sink = FrameSinks.open(picture, 64, 64, 16, VideoMetadata.empty())) {
      sink.accept(frame(0));
      sink.finish();
    }
    assertThatThrownBy(() -> request("a.gif").picture(picture).build(files.model()))
        .hasMessageContaining("makes clips from a prompt alone")
        .hasMessageContaining("make it over with --strength")
        .hasMessageContaining("wan2.2-i2v-a14b");
    GenerationRequest.Builder missing =
        over("a.gif", 0.5)
            .set(Settings.INIT_VIDEO, folder.resolve("none.mp4"))
            .frames(5)
            .size(64, 64);
    assertThatThrownBy(() -> generate(missing)).hasMessageContaining("none.mp4");
    byte[] bytes = Files.readAllBytes(video);
    Files.write(video, Arrays.copyOf(bytes, bytes.length * 2 / 3));
    assertThatThrownBy(() -> generate(over("a.gif", 0.5).frames(9).size(64, 64)))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("moving.mp4");
    use(ModelSelection.none().withPictures(true));
    assertThatThrownBy(() -> over("a.gif", 0.5).build(files.model()))
        .hasMessageContaining("for models that make clips from a prompt alone");
  }
}
