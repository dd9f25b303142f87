// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Device;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.memory.DeviceBytes;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.prompts.PromptCache;
import dev.wanlet.wan.pipeline.prompts.PromptKeys;
import dev.wanlet.wan.request.GenerationRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Prompts that come again need no text encoder, and give the same clip. */
class PromptCacheTest extends DemoRuns {
  private GenerationRequest request(String prompt, String output) {
    return GenerationRequest.builder()
        .prompt(prompt)
        .seed(3)
        .steps(2)
        .frames(9)
        .output(folder.resolve(output))
        .compute(ONE_THREAD)
        .build(files.model());
  }

  private GenerationRequest red(String output) {
    return request("a red circle moving left on a black background", output);
  }

  private PromptCache cache() {
    return new PromptCache(folder.resolve("prompts"));
  }

  private List<Path> kept() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("prompts"))) {
      return files.sorted().toList();
    }
  }

  /** The stages that were begun, with how much they had to do. */
  private record Stages(List<String> begun) implements GenerationListener {
    @Override
    public void stageStarted(Stage stage, int total) {
      begun.add(stage.id() + " " + total);
    }

    @Override
    public void progress(Stage stage, double done, int total) {}
  }

  private List<String> generate(GenerationRequest request) throws IOException {
    Stages stages = new Stages(new ArrayList<>());
    GenerationResult result =
        pipeline.generate(
            request, RunOptions.defaults().withPromptCache(cache()).withListener(stages));
    assertThat(result.measuredPeakBytes()).isLessThanOrEqualTo(result.plannedPeakBytes());
    return stages.begun();
  }

  private void assertSame(String actual, String expected) throws IOException {
    assertThat(VideoReader.readAll(folder.resolve(actual)))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(VideoReader.readAll(folder.resolve(expected)));
  }

  @Test
  void aKeptPromptGivesTheSameClipWithoutTheTextEncoder() throws IOException {
    pipeline.generate(red("plain.gif"));
    assertThat(generate(red("first.gif"))).contains("text 2");
    assertThat(kept()).hasSize(2);
    RunOptions options = RunOptions.defaults().withPromptCache(cache());
    RunPlan plan = pipeline.plan(red("again.gif"), options);
    assertThat(plan.stage(Stage.TEXT).device()).isEqualTo(DeviceBytes.NONE);
    assertThat(plan.stage(Stage.TEXT).seconds()).hasValue(0);
    assertThat(generate(red("again.gif"))).contains("text 0");
    assertSame("first.gif", "plain.gif");
    assertSame("again.gif", "plain.gif");
  }

  @Test
  void onlyWhatIsNotKeptIsEncoded() throws IOException {
    generate(red("first.gif"));
    // The negative prompt is the same.
    GenerationRequest other = request("a green square", "other.gif");
    assertThat(generate(other)).contains("text 1");
    pipeline.generate(request("a green square", "plain.gif"));
    assertSame("other.gif", "plain.gif");
    assertThat(kept()).hasSize(3);
  }

  @Test
  void damagedOnesAreMadeAnew() throws IOException {
    generate(red("first.gif"));
    for (Path file : kept()) {
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length / 2] ^= 1;
      Files.write(file, bytes);
    }
    assertThat(generate(red("second.gif"))).contains("text 2");
    Files.write(kept().get(0), new byte[5]);
    assertThat(generate(red("third.gif"))).contains("text 1");
    assertThat(generate(red("fourth.gif"))).contains("text 0");
    assertSame("third.gif", "first.gif");
    assertSame("fourth.gif", "first.gif");
  }

  @Test
  void whatWasNotUsedForLongestGoes() throws IOException {
    float[] context = new float[4 * 8];
    long each = 12 + 4 * context.length + 8;
    PromptCache small = new PromptCache(folder.resolve("prompts"), 2 * each);
    small.keep("a", context, 4);
    small.keep("b", context, 4);
    for (Path file : kept()) {
      Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
    }
    assertThat(small.find("a", 4, 8)).isPresent(); // and is the younger one from here on
    small.keep("c", context, 4);
    assertThat(kept())
        .extracting(f -> f.getFileName().toString())
        .containsExactly("a.context", "c.context");
    assertThat(small.find("b", 4, 8)).isEmpty();
    assertThat(small.find("a", 5, 8)).isEmpty(); // of another shape
  }

  @Test
  void aFolderThatCannotBeWrittenFailsNoRun() throws IOException {
    Path blocked = Files.writeString(folder.resolve("file"), "no folder");
    PromptCache none = new PromptCache(blocked.resolve("prompts"));
    pipeline.generate(red("clip.gif"), RunOptions.defaults().withPromptCache(none));
    assertThat(folder.resolve("clip.gif")).exists();
  }

  @Test
  void aKeyTellsEncodersPrecisionsAndTokensApart() throws IOException {
    try (OpenModel model = OpenModel.open(files)) {
      PromptKeys keys = PromptKeys.of(model.textEncoder(), Device.cpu(), Precision.AUTO);
      PromptKeys same = PromptKeys.of(model.textEncoder(), Device.cpu(), Precision.AUTO);
      PromptKeys exact = PromptKeys.of(model.textEncoder(), Device.cpu(), Precision.F32);
      PromptKeys other = PromptKeys.of(model.vae(), Device.cpu(), Precision.AUTO);
      int[] ids = {5, 6, 1};
      assertThat(keys.key(ids)).isEqualTo(same.key(ids)).hasSize(64);
      assertThat(List.of(exact.key(ids), other.key(ids), keys.key(new int[] {6, 5, 1})))
          .doesNotHaveDuplicates()
          .doesNotContain(keys.key(ids));
    }
  }
}
