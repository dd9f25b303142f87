// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.demo.DemoModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clips of a comparison are held against. */
class CompareReferenceTest {
  private static final String PROMPT = "a red circle moving left on a black background";
  private static final List<String> CLIP =
      List.of("--steps", "8", "--frames", "5", "--size", "48x80", "-t", "1", "--device", "CPU");

  @TempDir private Path folder;

  private CommandRun compare(String... more) {
    List<String> args = new ArrayList<>(List.of("compare", "-o", folder.toString(), "-p", PROMPT));
    args.addAll(List.of("--profile", "quality"));
    args.addAll(CLIP);
    args.addAll(List.of(more));
    return CommandRun.of(args.toArray(String[]::new));
  }

  private JsonNode report() throws IOException {
    return new ObjectMapper().readTree(folder.resolve("report.json").toFile());
  }

  private static Path transformer() throws IOException {
    return DemoModel.directory().resolve("diffusion_pytorch_model.safetensors");
  }

  @Test
  void variantsThatDifferInNothingElseShareOneAndItIsKept() throws IOException {
    CommandRun run = compare("--profile", "balanced");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("clip 1 of 3: reference of quality, prompt 1, seed 42")
        .contains("clip 3 of 3: balanced");
    JsonNode report = report();
    assertThat(report.get("references")).hasSize(1);
    assertThat(report.get("references").get(0).get("output").asText())
        .isEqualTo("references/quality-p1-s42.webm");
    assertThat(report.get("reference").asText()).contains("32-bit floats");
    for (JsonNode clip : report.get("clips")) {
      assertThat(clip.get("reference").asText()).isEqualTo("references/quality-p1-s42.webm");
      JsonNode against = clip.get("against_reference");
      assertThat(against.get("latent_cosine").asDouble()).isBetween(0.99, 1.0);
      assertThat(against.get("ssim").asDouble()).isBetween(0.9, 1.0);
      assertThat(against.get("motion_reference").isNumber()).isTrue();
    }
    assertThat(Files.readString(folder.resolve("report.html")))
        .contains("reference of quality, seed 42", "<th scope=\"col\">latent_cosine</th>");
    CommandRun again = compare("--profile", "balanced");
    assertThat(again.err().lines().filter(l -> l.contains("and is kept"))).hasSize(3);
    assertThat(report()).isEqualTo(report);
    CommandRun without = compare("--no-reference");
    assertThat(without.err()).contains("clip 1 of 1: quality", "and is kept");
    assertThat(report().get("clips").get(0).has("against_reference")).isFalse();
    assertThat(report().get("reference").asText()).contains("--reference does that");
    assertThat(Files.readString(folder.resolve("report.csv"))).doesNotContain("latent_cosine");
  }

  @Test
  void aClipOfFewerBitsIsHeldAgainstTheFileThatIsNamed() throws IOException {
    Path small = folder.resolve("q4.gguf");
    String whole = transformer().toString();
    CommandRun made = CommandRun.of("quantize", whole, small.toString(), "--type", "Q4_0");
    assertThat(made.code()).as(made.err()).isZero();
    CommandRun run =
        compare("--diffusion-model", small.toString(), "--reference-diffusion-model", whole);
    assertThat(run.code()).as(run.err()).isZero();
    double far = cosine();
    run = compare("--diffusion-model", small.toString());
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).contains("clip 1 of 2: reference of quality").containsOnlyOnce("is kept");
    assertThat(cosine()).isGreaterThan(far);
    assertThat(far).isBetween(0.5, 0.9999);
  }

  private double cosine() throws IOException {
    return report().get("clips").get(0).get("against_reference").get("latent_cosine").asDouble();
  }

  @Test
  void aStepCacheCostsNearness() throws IOException {
    CommandRun run = compare("--cache", "easy", "--cache-threshold", "5");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(report().get("clips").get(0).get("cache").get("steps_skipped").asInt()).isPositive();
    assertThat(report().get("references").get(0).has("cache")).isFalse();
    assertThat(cosine()).isLessThan(0.9999);
  }

  @Test
  void aClipOfTheHighestPrecisionIsItsOwn() throws IOException {
    CommandRun run = compare("--precision", "f32");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).contains("clip 1 of 1: quality");
    JsonNode report = report();
    assertThat(report.get("references")).isEmpty();
    assertThat(report.get("clips").get(0).get("notes").toString())
        .contains("its own settings are those of the highest precision");
  }

  @Test
  void oneThatDoesNotFitIsLeftOutWithALine() throws IOException {
    long clip = smallestBudget("auto");
    assertThat(smallestBudget("f32")).as("a budget between the two").isGreaterThan(clip);
    CommandRun run = compare("--vram", Long.toString(clip));
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).containsOnlyOnce("wanlet: no reference can be made: ");
    JsonNode report = report();
    assertThat(report.get("clips").get(0).get("notes").toString()).contains("has no reference: ");
    assertThat(report.get("references")).isEmpty();
  }

  private static long smallestBudget(String precision) throws IOException {
    List<String> args = new ArrayList<>(List.of("plan", "--json", "--vram", "2000", "-p", PROMPT));
    args.addAll(List.of("--precision", precision));
    args.addAll(CLIP);
    CommandRun plan = CommandRun.of(args.toArray(String[]::new));
    assertThat(plan.code()).as(plan.err()).isEqualTo(ExitCode.OVER_BUDGET);
    return new ObjectMapper().readTree(plan.out()).get("smallest_budget_bytes").asLong();
  }

  @Test
  void filesOfAnotherModelAreRefusedBeforeAnyWork() throws IOException {
    CommandRun run =
        compare("--reference-diffusion-model", DemoModel.imageToVideoTransformer().toString());
    assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("tiny-wan", "same model").doesNotContain("clip 1");
    CommandRun both =
        compare("--no-reference", "--reference-diffusion-model", transformer().toString());
    assertThat(both.code()).isEqualTo(ExitCode.USAGE);
    assertThat(both.err()).contains("--no-reference contradicts");
    CommandRun missing = compare("--reference-diffusion-model", "none.gguf");
    assertThat(missing.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(missing.err()).contains("none.gguf").hasLineCount(1);
  }
}
