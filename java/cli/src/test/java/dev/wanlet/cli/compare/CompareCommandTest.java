// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareCommandTest {
  @TempDir private Path folder;

  private CommandRun compare(Path into, String... more) {
    List<String> args = new ArrayList<>(List.of("compare", "-o", into.toString()));
    args.addAll(List.of("-p", "a red circle moving left on a black <background>"));
    args.addAll(List.of("--profile", "draft", "--profile", "quality", "--steps", "2"));
    args.addAll(List.of("--frames", "5", "--size", "48x80", "-t", "1", "--device", "CPU"));
    args.addAll(List.of(more));
    return CommandRun.of(args.toArray(String[]::new));
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
    assertThat(clip.get("stage_seconds").get("sample").asDouble()).isPositive();
    assertThat(clip.get("measured_peak_bytes").asLong()).isPositive();
    assertThat(clip.get("plan").get("host_bytes").asLong()).isPositive();
    assertThat(clip.get("caption_accuracy").asDouble()).isBetween(0.0, 1.0);
    assertThat(clip.get("measures").get("sharpness").isNumber()).isTrue();
    assertThat(withoutTimes(report)).isEqualTo(withoutTimes(report(second)));
    assertThat(Files.readAllLines(first.resolve("report.csv"))).hasSize(3);
    assertThat(Files.readString(first.resolve("report.html")))
        .contains("data:video/webm;base64,", "&lt;background>", "<svg", "Our own methods")
        .doesNotContain("http:", "https:");
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
    assertThat(run.err()).containsOnlyOnce("is kept");
    assertThat(Files.getLastModifiedTime(clip)).isEqualTo(made);
    assertThat(folder.resolve("quality-p1-s42.webm")).exists();
    assertThat(withoutTimes(report(folder)))
        .isEqualTo(withoutTimes(new ObjectMapper().readTree(before)));
    assertThat(compare(folder, "--flow-shift", "2").err()).doesNotContain("is kept");
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
      object.fieldNames().forEachRemaining(n -> times.add(n.contains("seconds") ? n : ""));
      object.remove(times);
    }
    node.forEach(CompareCommandTest::withoutTimes);
    return node;
  }
}
