// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.Main;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.pipeline.RunCheckpoint;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResumeCommandTest {
  private static final int STEPS = 30;

  @TempDir private Path folder;

  private static List<String> generate(Path clip) {
    List<String> args = new ArrayList<>(List.of("generate", "-p", "a blue square moving down"));
    args.addAll(List.of("-s", "11", "--steps", STEPS + "", "--frames", "9", "-t", "1"));
    args.addAll(List.of("--device", "CPU", "--checkpoint-every", "1", "-o", clip.toString()));
    return args;
  }

  private static CommandRun run(List<String> args) {
    return CommandRun.of(args.toArray(String[]::new));
  }

  private static CommandRun resume(Path file, String... options) {
    List<String> args = new ArrayList<>(List.of("resume", file.toString(), "-t", "1"));
    args.addAll(List.of("--device", "CPU"));
    args.addAll(List.of(options));
    return run(args);
  }

  /** Starts a run in a process of its own and kills it as soon as it has saved a step. */
  private Path killedRun() throws IOException, InterruptedException {
    Path clip = folder.resolve("killed.mp4");
    Path saved = RunCheckpoint.fileFor(clip);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String nativePath = System.getProperty("dev.wanlet.native.path");
    if (nativePath != null) {
      command.add("-Ddev.wanlet.native.path=" + nativePath);
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(generate(clip));
    try (WatchService watch = FileSystems.getDefault().newWatchService()) {
      folder.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      while (Files.notExists(saved)) {
        WatchKey key = watch.poll(2, TimeUnit.MINUTES);
        assertThat(key).as("a saved step").isNotNull();
        key.pollEvents();
        key.reset();
      }
      process.destroyForcibly();
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).isNotZero();
    }
    assertThat(clip).doesNotExist();
    return saved;
  }

  @Test
  void aKilledRunGoesOnToTheSameFrames() throws IOException, InterruptedException {
    Path saved = killedRun();
    int done = RunCheckpoint.load(saved).sampler().nextStep();
    assertThat(done).isBetween(1, STEPS - 1);
    CommandRun resumed = resume(folder.resolve("killed.mp4"), "--json");
    assertThat(resumed.code()).as(resumed.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(resumed.out());
    assertThat(json.path("step_seconds")).hasSize(STEPS - done);
    Path clip = folder.resolve("killed.mp4");
    assertThat(json.path("output").asText()).isEqualTo(clip.toString());
    assertThat(saved).doesNotExist();

    Path whole = folder.resolve("whole.mp4");
    assertThat(run(generate(whole)).code()).isZero();
    assertThat(VideoReader.readAll(clip))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(VideoReader.readAll(whole));
    assertThat(VideoMetadata.read(clip)).isEqualTo(VideoMetadata.read(whole));
    CommandRun again = resume(clip);
    assertThat(again.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(again.err()).contains("killed.mp4: no saved run lies beside this clip");
  }

  @Test
  void whatIsNoSavedRunIsRefused() throws IOException {
    Path none = folder.resolve("a.mp4.resume.safetensors");
    assertThat(resume(none).code()).isEqualTo(ExitCode.BAD_INPUT);
    Files.writeString(none, "neither this nor that");
    CommandRun damaged = resume(none);
    assertThat(damaged.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(damaged.err()).contains("a.mp4.resume.safetensors").hasLineCount(1);
  }

  @Test
  void onlyWhereToComputeCanBeChosenAnew() throws IOException, InterruptedException {
    Path saved = killedRun();
    CommandRun precision = resume(saved, "--precision", "f32");
    assertThat(precision.code()).isEqualTo(ExitCode.USAGE);
    assertThat(precision.err()).contains("--precision would change the clip");
    assertThat(resume(saved, "--vram", "100KiB").code()).isEqualTo(ExitCode.OVER_BUDGET);
    Path renamed = folder.resolve("renamed.safetensors");
    Files.copy(saved, renamed, StandardCopyOption.REPLACE_EXISTING);
    CommandRun nameless = resume(renamed);
    assertThat(nameless.code()).isEqualTo(ExitCode.USAGE);
    assertThat(nameless.err()).contains("-o");
    assertThat(saved).exists();

    Path second = Files.copy(saved, folder.resolve("killed.mp4.2.resume.safetensors"));
    CommandRun several = resume(folder.resolve("killed.mp4"));
    assertThat(several.code()).isEqualTo(ExitCode.USAGE);
    assertThat(several.err()).contains(saved.toString(), second.toString());
    Path elsewhere = folder.resolve("elsewhere.mp4");
    assertThat(resume(second, "-o", elsewhere.toString()).code()).isZero();
    assertThat(elsewhere).exists();
    assertThat(second).doesNotExist();
    assertThat(saved).exists();
    Path third = folder.resolve("third.mp4");
    assertThat(resume(renamed, "-o", third.toString()).code()).isZero();
    assertThat(renamed).exists(); // a copy under a name of the user's own is not ours
  }
}
