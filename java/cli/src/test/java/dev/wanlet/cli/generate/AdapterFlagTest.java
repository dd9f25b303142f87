// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters on the command line. */
class AdapterFlagTest {
  @TempDir private Path folder;
  private String four;

  @BeforeEach
  void findAdapter() throws IOException {
    four = DemoModel.fourStepAdapter().toString();
  }

  private CommandRun dryRun(String... options) {
    List<String> args = new ArrayList<>(List.of("generate", "-p", "a red circle", "--dry-run"));
    args.addAll(List.of("--device", "CPU", "-o", folder.resolve("clip.mp4").toString()));
    args.addAll(List.of(options));
    return CommandRun.of(args.toArray(String[]::new));
  }

  /** An adapter of one tensor, or of two if the first is one of two matrices. */
  private String adapter(Object... namesAndShapes) throws IOException {
    Path file = folder.resolve("adapter.safetensors");
    try (SafetensorsWriter writer = SafetensorsWriter.create(file)) {
      for (int i = 0; i < namesAndShapes.length; i += 2) {
        writer.declare((String) namesAndShapes[i], StoredType.F32, (Shape) namesAndShapes[i + 1]);
      }
      for (int i = 0; i < namesAndShapes.length; i += 2) {
        int elements = (int) ((Shape) namesAndShapes[i + 1]).elements();
        writer.append((String) namesAndShapes[i], ByteBuffer.allocate(4 * elements));
      }
      writer.commit();
    }
    return file.toString();
  }

  @Test
  void aStrengthBeyondAllNumbersIsNoInternalError() {
    CommandRun run =
        CommandRun.of(
            "generate",
            "-p",
            "a red circle",
            "-t",
            "1",
            "--device",
            "CPU",
            "--steps",
            "2",
            "--frames",
            "9",
            "--lora",
            four + ":1e30",
            "-o",
            folder.resolve("clip.gif").toString());
    assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err())
        .contains("values that are not finite", "adapters of less strength")
        .doesNotContain("internal error", "-v");
  }

  @Test
  void eachIsToldInItsOrder() {
    CommandRun run = dryRun("--lora", four + ":0.5", "--lora", four);
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err())
        .containsSubsequence(
            "wanlet: adapter " + four + ", strength 0.5: 60 modules matched, none left out",
            "wanlet: adapter " + four + ", strength 1.0: 60 modules matched, none left out");
  }

  @Test
  void aPlanCountsThem() throws IOException {
    JsonNode plain = plan("plan", "--json");
    JsonNode one = plan("plan", "--json", "--recipe", "none", "--lora", four);
    JsonNode two =
        plan("plan", "--json", "--recipe", "none", "--lora", four, "--lora", four + ":2");
    long adapter = peak(one) - peak(plain);
    assertThat(adapter).isGreaterThan(2 << 20);
    assertThat(peak(two) - peak(one)).isBetween(2L << 20, 4L << 20);
    assertThat(two.path("adapters")).hasSize(2);
    assertThat(plain.has("adapters")).isFalse();
  }

  private static long peak(JsonNode plan) {
    return plan.path("stages").get(1).path("peak_device_bytes").asLong();
  }

  private static JsonNode plan(String... args) throws IOException {
    CommandRun run = CommandRun.of(args);
    assertThat(run.code()).as(run.err()).isZero();
    return new ObjectMapper().readTree(run.out());
  }

  @Test
  void strengthsAreFinite() {
    CommandRun run = dryRun("--lora", four + ":nan");
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("'nan' is no finite number, such as 0.8");
  }

  @Test
  void aMissingFileIsNamed() {
    CommandRun run = dryRun("--lora", folder.resolve("none.safetensors") + ":0.8");
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains(folder.resolve("none.safetensors") + ": no such file");
  }

  @Test
  void anAdapterOfAnotherModelIsAnError() throws IOException {
    String file =
        adapter(
            "blocks.77.ffn.0.lora_A.weight",
            Shape.of(2, 256),
            "blocks.77.ffn.0.lora_B.weight",
            Shape.of(768, 2));
    CommandRun run = dryRun("--lora", file);
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains(file, "none of its 1 modules is in this model");
  }

  @Test
  void whatChangesAMatrixAsAWholeIsRefused() throws IOException {
    String file = adapter("blocks.0.ffn.0.diff", Shape.of(768, 256));
    CommandRun run = dryRun("--lora", file);
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err())
        .contains(file, "'blocks.0.ffn.0.diff' changes 'blocks.0.ffn.0.weight' as a whole")
        .contains("ahead of time (wanlet quantize --lora)");
  }

  @Test
  void differencesOfSmallWeightsAreAdded() throws IOException {
    String file =
        adapter(
            "diffusion_model.blocks.0.norm3.diff",
            Shape.of(256),
            "diffusion_model.head.head.diff",
            Shape.of(64, 256),
            "diffusion_model.head.head.diff_b",
            Shape.of(64),
            "diffusion_model.head.diff_m",
            Shape.of(1, 2, 256),
            "diffusion_model.patch_embedding.diff",
            Shape.of(256, 36, 1, 2, 2));
    CommandRun run = dryRun("--lora", file);
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).contains("3 modules matched; left out: 1 for another number of channels");
  }
}
