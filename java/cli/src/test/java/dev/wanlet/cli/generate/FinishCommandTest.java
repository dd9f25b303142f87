// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.CommandRun;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A draft first, the clip in full after it. */
class FinishCommandTest {
  private static final String PROMPT = "a yellow star moving up on a navy background";

  @TempDir private Path folder;

  private static CommandRun run(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("-t", "1", "--device", "CPU", "--no-prompt-cache"));
    return CommandRun.of(all.toArray(String[]::new));
  }

  @Test
  void aDraftIsMadeInFullWithItsSeed() throws IOException {
    Path draft = folder.resolve("star.gif");
    CommandRun first = run("generate", "--draft", "-p", PROMPT, "-s", "7", "-o", draft.toString());
    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.err())
        .contains("come from the whole VAE", "profile draft", "wanlet finish " + draft);
    assertThat(VideoMetadata.read(draft).setting("steps")).contains(4L);

    CommandRun second = run("finish", draft.toString());
    assertThat(second.code()).as(second.err()).isZero();
    assertThat(second.err()).contains("the draft's recipe fast is left out");
    Path full = folder.resolve("star-final.gif");
    VideoMetadata settings = VideoMetadata.read(full);
    assertThat(settings.setting("steps")).contains(20L);
    assertThat(settings.setting("seed")).contains(7L);
    assertThat(settings.setting("prompt")).contains(PROMPT);

    Path direct = folder.resolve("direct.gif");
    assertThat(run("generate", "-p", PROMPT, "-s", "7", "-o", direct.toString()))
        .satisfies(r -> assertThat(r.code()).as(r.err()).isZero());
    assertThat(VideoReader.readAll(full))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(VideoReader.readAll(direct));
  }

  @Test
  void adaptersOfOnesOwnStayAndThoseOfTheRecipeGo() throws IOException {
    Path style = Files.copy(DemoModel.fourStepAdapter(), folder.resolve("style.safetensors"));
    Path draft = folder.resolve("draft.gif");
    CommandRun first =
        run(
            "generate",
            "--recipe",
            "fast",
            "--lora",
            style + ":0.25",
            "-p",
            PROMPT,
            "-s",
            "7",
            "--frames",
            "9",
            "-o",
            draft.toString());
    assertThat(first.code()).as(first.err()).isZero();
    assertThat(VideoMetadata.read(draft).setting("lora").orElseThrow().toString())
        .contains("style.safetensors:0.25", "tiny-wan-4step-lora.safetensors");

    CommandRun second = run("finish", draft.toString(), "--dry-run");
    assertThat(second.code()).as(second.err()).isZero();
    assertThat(second.err())
        .contains(
            "the draft's recipe fast is left out, with its sampling and adapter"
                + " tiny-wan-4step-lora.safetensors; your own adapter style.safetensors stays",
            "20 steps",
            "adapter " + style + ", strength 0.25")
        .doesNotContain("adapter " + DemoModel.fourStepAdapter() + ", strength");
  }

  @Test
  void whatTheUserGivesWins() throws IOException {
    Path draft = folder.resolve("draft.gif");
    run("generate", "--draft", "-p", PROMPT, "-s", "7", "--frames", "9", "-o", draft.toString());
    Path full = folder.resolve("full.gif");
    CommandRun run =
        run("finish", draft.toString(), "--steps", "3", "--size", "48x80", "-o", full.toString());
    assertThat(run.code()).as(run.err()).isZero();
    VideoMetadata settings = VideoMetadata.read(full);
    assertThat(settings.setting("steps")).contains(3L);
    assertThat(settings.setting("width")).contains(48L);
    assertThat(settings.setting("seed")).contains(7L);
  }

  @Test
  void whatIsNoDraftIsRefused() throws IOException {
    Path picture = folder.resolve("picture.png");
    ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_3BYTE_BGR), "png", picture.toFile());
    CommandRun run = run("finish", picture.toString());
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.err()).hasLineCount(1).contains("picture.png");
    assertThat(run("finish", folder.resolve("gone.mp4").toString()).code()).isEqualTo(3);
    CommandRun both = run("generate", "--draft", "--profile", "quality", "-p", PROMPT);
    assertThat(both.code()).isEqualTo(2);
    assertThat(both.err()).contains("--draft and --profile quality");
  }
}
