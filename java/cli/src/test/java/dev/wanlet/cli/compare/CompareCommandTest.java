// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.Main;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.wan.pipeline.RunCheckpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareCommandTest {
  @TempDir private Path folder;

  private static CommandRun compare(Path into, String... more) {
    return CommandRun.of(arguments(into, more));
  }

  private static String[] arguments(Path into, String... more) {
    List<String> args = new ArrayList<>(List.of("compare", "-o", into.toString()));
    args.addAll(List.of("-p", "a red circle moving left on a black <background>"));
    args.addAll(List.of("--profile", "draft", "--profile", "quality"));
    args.addAll(List.of("--frames", "5", "--size", "48x80", "-t", "1", "--device", "CPU"));
    args.addAll(List.of(more));
    if (!args.contains("--steps")) {
      args.addAll(List.of("--steps", "2"));
    }
    return args.toArray(String[]::new);
  }

  private static JsonNode report(Path of) throws IOException {
    return new ObjectMapper().readTree(of.resolve("report.json").toFile());
  }

  @Test
  void twoReportsAreTheSameButForTimes() throws IOException {
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    CommandRun run = compare(first);
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(compare(second).code()).isZero();
    JsonNode report = report(first);
    assertThat(report.get("clips")).hasSize(2);
    JsonNode clip = report.get("clips").get(0);
    assertThat(clip.get("variant").asText()).isEqualTo("draft");
    assertThat(clip.get("model").asText()).isEqualTo("tiny-wan");
    assertThat(clip.get("device").asText()).startsWith("CPU: ");
    assertThat(clip.get("stage_seconds").get("sample").asDouble()).isPositive();
    assertThat(clip.get("measured_peak_bytes").asLong()).isPositive();
    assertThat(clip.get("plan").get("host_bytes").asLong()).isPositive();
    assertThat(clip.get("caption_accuracy").asDouble()).isBetween(0.0, 1.0);
    assertThat(clip.get("measures").get("sharpness").isNumber()).isTrue();
    assertThat(report.get("energy").asText()).contains("left out", "computed on the CPU");
    assertThat(withoutTimes(report)).isEqualTo(withoutTimes(report(second)));
    assertThat(Files.readAllLines(first.resolve("report.csv")))
        .hasSize(3)
        .first(STRING)
        .contains(",latent_cosine,psnr,ssim,motion,motion_reference,identical,text_seconds,")
        .doesNotContain("energy");
    assertThat(Files.readString(first.resolve("report.html")))
        .contains("data:video/webm;base64,", "&lt;background>", "<svg", "Our own methods")
        .doesNotContain("http:", "https:", "<td>null", folder.toString());
  }

  @Test
  void aSecondCallKeepsWhatIsDoneAndMakesTheRest() throws IOException {
    assertThat(compare(folder).code()).isZero();
    Path clip = folder.resolve("draft-p1-s42.webm");
    Object made = Files.getLastModifiedTime(clip);
    String before = Files.readString(folder.resolve("report.json"));
    Files.delete(folder.resolve("quality-p1-s42.webm"));
    CommandRun run = compare(folder);
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err().lines().filter(l -> l.contains("is kept"))).hasSize(2);
    assertThat(run.err()).contains("draft: its settings are kept as they were chosen");
    assertThat(Files.getLastModifiedTime(clip)).isEqualTo(made);
    assertThat(folder.resolve("quality-p1-s42.webm")).exists();
    assertThat(withoutTimes(report(folder)))
        .isEqualTo(withoutTimes(new ObjectMapper().readTree(before)));
    Files.write(folder.resolve("draft-p1-s42.webm.latents.safetensors"), new byte[8]);
    assertThat(compare(folder).err().lines().filter(l -> l.contains("is kept")))
        .as("latents that somebody wrote into")
        .hasSize(2);
    assertThat(compare(folder, "--flow-shift", "2").err()).doesNotContain("is kept");
  }

  /** As Ctrl-C does it: the work is cancelled while a clip is sampled. */
  @Test
  void whatIsInterruptedGoesOnAndEndsAsIfItHadNotBeen() throws Exception {
    String[] more = {"--steps", "40", "--no-reference"};
    Path saved = RunCheckpoint.fileFor(folder.resolve("quality-p1-s42.webm"));
    CommandRun stopped = null;
    for (long wait = 50; Files.notExists(saved); wait += 50) {
      stopped = interrupted(wait, more);
      assertThat(stopped.code()).as(stopped.err()).isEqualTo(ExitCode.INTERRUPTED);
    }
    assertThat(stopped.err())
        .contains("1 of 2 clips are finished and kept; the same command goes on");
    assertThat(stopped.err().lines().filter(l -> l.contains("the same command"))).hasSize(1);
    assertThat(folder.resolve("draft-p1-s42.webm")).exists();
    assertThat(folder.resolve("report.json")).doesNotExist();
    int steps = RunCheckpoint.load(saved).sampler().nextStep();
    CommandRun again = compare(folder, more);
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(again.err())
        .containsOnlyOnce("is there already, and is kept")
        .contains("going on after step " + steps + " of 40");
    JsonNode clip = report(folder).get("clips").get(1);
    assertThat(clip.get("seconds_note").asText()).contains("made " + steps + " of 40 steps");
    assertThat(Files.readString(folder.resolve("report.html")))
        .contains("(in part)", "an earlier call made", "their times are of the rest");
    Path whole = folder.resolve("whole");
    assertThat(compare(whole, more).code()).isZero();
    assertThat(withoutTimes(report(folder))).isEqualTo(withoutTimes(report(whole)));
    for (String file : List.of("quality-p1-s42.webm", "quality-p1-s42.webm.latents.safetensors")) {
      assertThat(folder.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
    }
  }

  /**
   * Interrupts a comparison some time after the second clip's text is encoded, or the first one's
   * if that is kept.
   */
  private CommandRun interrupted(long millis, String... more) throws InterruptedException {
    StringWriter err = new StringWriter();
    List<Integer> code = new ArrayList<>();
    Thread thread =
        new Thread(
            () ->
                code.add(
                    Main.run(
                        new PrintWriter(new StringWriter()),
                        new PrintWriter(err),
                        arguments(folder, more))));
    thread.start();
    while (thread.isAlive() && !err.toString().contains("clip 2 of 2")) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
    TimeUnit.MILLISECONDS.sleep(millis);
    thread.interrupt();
    thread.join();
    return new CommandRun(code.get(0), "", err.toString());
  }

  @Test
  void aRandomSeedIsOneForAllClipsAndLaterCalls() throws IOException {
    CommandRun run = compare(folder, "-s", "-1");
    assertThat(run.code()).as(run.err()).isZero();
    JsonNode clips = report(folder).get("clips");
    String seed = clips.get(0).get("seed").asText();
    assertThat(clips.get(1).get("seed").asText()).isEqualTo(seed);
    assertThat(report(folder).get("references").findValuesAsText("seed")).containsOnly(seed);
    assertThat(run.err()).contains("seed " + seed + ", drawn and kept in ");
    CommandRun again = compare(folder, "-s", "-1");
    assertThat(again.err())
        .contains("seed " + seed + ", as an earlier call drew it")
        .doesNotContain("sample");
    assertThat(report(folder).get("clips")).isEqualTo(clips);
  }

  @Test
  void thePageCountsOneFrameAsOne() throws IOException {
    String[] args = {"compare", "-o", folder.toString(), "-p", "x", "--profile", "draft"};
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--frames", "1", "--size", "48x48", "--steps", "1", "--no-reference"));
    all.addAll(List.of("-t", "1", "--device", "CPU", "--cfg-scale", "1"));
    CommandRun run = CommandRun.of(all.toArray(String[]::new));
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(Files.readString(folder.resolve("report.html")))
        .contains("48x48, 1 frame, 1 step, ", ", 1 pass, ")
        .doesNotContain("1 frames", "1 steps", " 1 passes");
  }

  @Test
  void aFolderThatIsAFileIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    CommandRun run = compare(file);
    assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains(file.toString()).hasLineCount(1);
  }

  @Test
  void anUnknownProfileIsRefused() {
    CommandRun run =
        CommandRun.of("compare", "-p", "x", "--profile", "none", "-o", folder.toString());
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("none");
  }

  private static JsonNode withoutTimes(JsonNode node) {
    if (node instanceof ObjectNode object) {
      List<String> times = new ArrayList<>();
      object
          .fieldNames()
          .forEachRemaining(
              n -> times.add(n.contains("seconds") || n.equals("measured_host_bytes") ? n : ""));
      object.remove(times);
    }
    node.forEach(CompareCommandTest::withoutTimes);
    return node;
  }
}
