// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.Main;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.pipeline.RunCheckpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What commands say and do where work could be lost. */
class NothingLostTest {
  private static final String STEPS = "40";

  @TempDir private Path folder;
  private Path clip;
  private Path saved;

  @BeforeEach
  void name() {
    clip = folder.resolve("clip.gif");
    saved = RunCheckpoint.fileFor(clip);
  }

  private List<String> generate(String... options) {
    List<String> args = new ArrayList<>(List.of("generate", "-p", "a red circle", "-t", "1"));
    args.addAll(List.of("--device", "CPU", "--steps", STEPS, "--frames", "1"));
    args.addAll(List.of("--checkpoint-every", "1", "-o", clip.toString()));
    args.addAll(List.of(options));
    return args;
  }

  private static CommandRun run(List<String> args) {
    return CommandRun.of(args.toArray(String[]::new));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      return list.sorted().toList();
    }
  }

  /** Starts a run in this process and interrupts its thread as soon as a step is saved. */
  private CommandRun interrupted(List<String> args) throws InterruptedException {
    List<CommandRun> done = new ArrayList<>();
    List<Boolean> flag = new ArrayList<>();
    Thread thread =
        new Thread(
            () -> {
              done.add(run(args));
              flag.add(Thread.currentThread().isInterrupted());
            });
    thread.start();
    while (thread.isAlive() && Files.notExists(saved)) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    thread.interrupt();
    thread.join();
    assertThat(flag).containsExactly(true);
    return done.get(0);
  }

  @Test
  void anInterruptedCommandTellsWhatIsSavedAndTheSameCommandGoesOn()
      throws IOException, InterruptedException {
    CommandRun stopped = interrupted(generate()); // with a seed that is drawn by chance
    assertThat(stopped.code()).as(stopped.err()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(stopped.err()).contains("go on with: wanlet resume " + saved);
    assertThat(files()).containsExactly(saved);
    int done = RunCheckpoint.load(saved).sampler().nextStep();

    CommandRun again = run(generate("-s", "-1")); // which says the same
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(again.err()).contains("going on after step " + done + " of " + STEPS);
    assertThat(files()).containsExactly(clip);

    CommandRun replacing = run(generate("--steps", "1"));
    assertThat(replacing.code()).isEqualTo(ExitCode.USAGE); // steps twice
    assertThat(replacing.err()).contains("only once");
  }

  @Test
  void anotherCommandIsRefusedBeforeAnyWork() throws IOException, InterruptedException {
    interrupted(generate("-s", "1"));
    byte[] before = Files.readAllBytes(saved);
    for (String[] other :
        new String[][] {{"-s", "2"}, {"-s", "1", "--cfg-scale", "3"}, {"-n", "b"}}) {
      CommandRun refused = run(generate(other));
      assertThat(refused.code()).as(refused.err()).isEqualTo(ExitCode.USAGE);
      assertThat(refused.err())
          .contains("wanlet resume " + saved)
          .contains("--overwrite")
          .doesNotContain("plan: peak");
      assertThat(saved).hasBinaryContent(before);
    }
    CommandRun forced = run(generate("-s", "2", "--overwrite"));
    assertThat(forced.code()).as(forced.err()).isZero();
    assertThat(forced.err()).doesNotContain("going on after");
    assertThat(files()).containsExactly(clip);
  }

  @Test
  void aFinishedClipIsReplacedWithALine() throws IOException {
    Files.writeString(clip, "an older clip");
    CommandRun run = run(generate("-s", "3"));
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).contains(clip + " is there already; the finished clip replaces it");
    assertThat(VideoReader.readAll(clip)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cut", "flipped", "newer"})
  void aDamagedSavedRunIsBadInputInOneLine(String damage) throws IOException, InterruptedException {
    interrupted(generate("-s", "1"));
    byte[] bytes = Files.readAllBytes(saved);
    switch (damage) {
      case "cut" -> bytes = Arrays.copyOf(bytes, bytes.length / 2);
      case "flipped" -> bytes[bytes.length - 100] ^= 0x10;
      default -> {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        text = text.replace("\"wanlet.saved_run\":\"1\"", "\"wanlet.saved_run\":\"9\"");
        bytes = text.getBytes(StandardCharsets.ISO_8859_1);
      }
    }
    Files.write(saved, bytes);
    for (List<String> command :
        List.of(List.of("resume", saved.toString(), "--device", "CPU"), generate("-s", "1"))) {
      CommandRun refused = run(command);
      assertThat(refused.code()).as(refused.err()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(refused.err().lines().filter(l -> l.contains(saved.toString()))).hasSize(1);
      assertThat(refused.err()).doesNotContain("internal error", "Exception");
    }
    assertThat(saved).hasBinaryContent(bytes);
  }

  @Test
  void commandsWriteOverNothingButFiles() throws IOException, InterruptedException {
    Path device = Path.of("/dev/null");
    assumeTrue(Files.exists(device), "a device");
    Path pipe = folder.resolve("pipe.mp4");
    Path link = Files.createSymbolicLink(folder.resolve("link.gif"), device);
    boolean made = new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0;
    assumeTrue(made, "a pipe");
    Path model = DemoModel.directory();
    Path file = model.resolve("diffusion_pytorch_model.safetensors");
    for (Path target : List.of(device, pipe, link, folder)) {
      String out = target.toString();
      Path weights = target.equals(folder) ? file : model; // a folder of models goes to a folder
      List<List<String>> commands =
          List.of(
              List.of("quantize", weights.toString(), out, "--type", "F16"),
              List.of("synth", "tiny-wan", "-o", out),
              List.of("imatrix", "-p", "a", "-o", out),
              List.of("generate", "-p", "a", "--device", "CPU", "-o", out));
      for (List<String> command : commands) {
        CommandRun refused = run(command);
        assertThat(refused.code()).as(command + refused.err()).isEqualTo(ExitCode.USAGE);
        assertThat(refused.err()).contains(out);
      }
    }
    assertThat(Files.isRegularFile(device)).isFalse();
    assertThat(link).isSymbolicLink();
    assertThat(files()).containsExactly(link, pipe);
  }

  /** Kills a command in a process of its own, at a moment after it has written a file. */
  private void kill(List<String> args, long millisLater) throws IOException, InterruptedException {
    int before = files().size();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String nativePath = System.getProperty("dev.wanlet.native.path");
    if (nativePath != null) {
      command.add("-Ddev.wanlet.native.path=" + nativePath);
    }
    command.addAll(
        List.of("-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path")));
    command.add(Main.class.getName());
    command.addAll(args);
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    while (process.isAlive() && files().size() == before) {
      TimeUnit.MILLISECONDS.sleep(2);
    }
    TimeUnit.MILLISECONDS.sleep(millisLater);
    process.destroyForcibly().waitFor();
  }

  /** The long form of this is {@code bench/torture/kills.sh}. */
  @Test
  void killedCommandsLoseNothingAndLeaveNothing() throws IOException, InterruptedException {
    for (long moment : new long[] {0, 300, 900}) {
      kill(generate("-s", "5"), moment);
      if (Files.exists(saved)) {
        assertThat(RunCheckpoint.load(saved).sampler().nextStep()).isPositive();
      }
    }
    // What is written under another name in the same folder.
    Path weights = folder.resolve("out.gguf");
    kill(List.of("synth", "tiny-wan", "-o", weights.toString()), 0);
    Files.deleteIfExists(weights);
    CommandRun last = run(generate("-s", "5"));
    assertThat(last.code()).as(last.err()).isZero();
    assertThat(files()).containsExactly(clip);
    Path finished = clip;
    clip = Files.createDirectory(folder.resolve("whole")).resolve("clip.gif");
    assertThat(run(generate("-s", "5")).code()).isZero();
    assertThat(VideoReader.readAll(finished))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(VideoReader.readAll(clip));
  }
}
