// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.sampling.SamplerState;
import dev.wanlet.wan.sampling.SamplingMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A run is saved in room that it holds. */
class SavedRunTest {
  private static final long ROOM = 1 << 16;
  private static final VideoMetadata SETTINGS = VideoMetadata.builder().put("seed", 7L).build();

  @TempDir private Path folder;

  private static RunCheckpoint after(int step) {
    float[] latents = {step, 2, 3};
    return new RunCheckpoint(
        SETTINGS,
        Shape.of(1, 1, 1, 3),
        latents,
        new SamplerState(SamplingMethod.EULER, step, new float[] {1, 0.6f, 0.3f, 0}, List.of()),
        List.of());
  }

  private static Object place(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }

  private Path held() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isDirectory).findFirst().orElseThrow();
    }
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "it does not tell where files lie")
  void eachFileIsWrittenOverRoomThatWasHeldForIt() throws IOException {
    Path clip = folder.resolve("clip.mp4");
    try (SavedRun run = SavedRun.open(clip, SETTINGS, SavedRun.Others.REFUSED)) {
      run.reserve(ROOM, 0);
      Path first = held().resolve("first");
      Path next = held().resolve("next");
      assertThat(Files.size(first)).isEqualTo(ROOM);
      assertThat(Files.size(next)).isEqualTo(ROOM);
      Object one = place(first);
      Object two = place(next);
      run.save(after(1));
      assertThat(place(run.file())).isEqualTo(one);
      run.save(after(2));
      assertThat(place(run.file())).isEqualTo(two);
      assertThat(place(next)).isEqualTo(one);
      assertThat(Files.size(next)).isEqualTo(ROOM);
      run.save(after(3));
      assertThat(place(run.file())).isEqualTo(one);
      assertThat(Files.size(run.file())).isLessThan(ROOM);
    }
    assertThat(RunCheckpoint.load(RunCheckpoint.fileFor(clip)).sampler().nextStep()).isEqualTo(3);
    assertThat(folder).isDirectoryNotContaining(Files::isDirectory);
  }

  @Test
  void whatWasSavedEarlierIsReplacedToo() throws IOException {
    Path clip = folder.resolve("clip.mp4");
    try (SavedRun run = SavedRun.open(clip, SETTINGS, SavedRun.Others.REFUSED)) {
      run.save(after(1));
    }
    try (SavedRun run = SavedRun.open(clip, SETTINGS, SavedRun.Others.REFUSED)) {
      assertThat(run.found().orElseThrow().sampler().nextStep()).isEqualTo(1);
      run.reserve(ROOM, ROOM);
      run.save(after(2));
      run.releaseRoom();
      assertThat(held()).isDirectoryNotContaining(f -> !f.endsWith("lock"));
    }
    assertThat(RunCheckpoint.load(RunCheckpoint.fileFor(clip)).sampler().nextStep()).isEqualTo(2);
  }
}
