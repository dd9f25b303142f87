// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.wan.media.read.VideoReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code wanlet generate} shows of a clip that is being made. */
class PreviewFlagsTest {
  @TempDir private Path folder;

  private CommandRun generate(String... options) {
    List<String> args = new ArrayList<>(List.of("generate", "-p", "a red circle", "-t", "1"));
    args.addAll(List.of("--device", "CPU", "--steps", "2", "--frames", "9", "--size", "64x64"));
    args.addAll(List.of("--no-prompt-cache", "-o", folder.resolve("clip.gif").toString()));
    args.addAll(List.of(options));
    return CommandRun.of(args.toArray(String[]::new));
  }

  @Test
  void theFileShowsTheNewestPreview() throws IOException {
    Path preview = folder.resolve("preview.gif");
    CommandRun run = generate("--preview", preview.toString(), "--preview", "terminal");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(VideoReader.readAll(preview)).hasSize(3);
    assertThat(run.err()).contains("the preview is not shown: stderr goes to no terminal");
    assertThat(run.err()).doesNotContain("\u2580");
  }

  @Test
  void aSmallDecoderThatMakesNothingIsTold() {
    String tae = folder.resolve("tae.gguf").toString();
    CommandRun made =
        CommandRun.of("synth", "wan2.1-t2v-1.3b", "--part", "tae", "--type", "F16", "-o", tae);
    assertThat(made.code()).as(made.err()).isZero();
    String idle = "--tae has no effect: it makes neither the frames (--decoder tae) nor previews";
    assertThat(generate("--dry-run", "--tae", tae).err()).contains(idle);
    String preview = folder.resolve("preview.png").toString();
    assertThat(generate("--dry-run", "--tae", tae, "--preview", preview).err())
        .doesNotContain("no effect");
    assertThat(
            generate("--dry-run", "--tae", tae, "--preview", preview, "--preview-decoder", "linear")
                .err())
        .contains(idle);
    CommandRun missing = generate("--tae", tae + ".none");
    assertThat(missing.code()).as(missing.err()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(missing.err()).contains("tae.gguf.none").doesNotContain("plan: peak");
  }

  @Test
  void whatCannotBeIsToldBeforeAnyWork() {
    assertThat(generate("--preview", folder.resolve("p.mp4").toString()))
        .satisfies(r -> assertThat(r.code()).isEqualTo(2))
        .satisfies(r -> assertThat(r.err()).contains("expected .png, or .gif"));
    assertThat(generate("--preview", folder.resolve("clip.gif").toString()))
        .satisfies(r -> assertThat(r.code()).isEqualTo(2))
        .satisfies(r -> assertThat(r.err()).contains("the clip itself"));
    assertThat(generate("--preview", "terminal:vt100").err()).contains("terminal:kitty");
    assertThat(generate("--preview", "p.png", "--preview-decoder", "tae"))
        .satisfies(r -> assertThat(r.code()).isEqualTo(2))
        .satisfies(r -> assertThat(r.err()).contains("--tae"));
    assertThat(generate("--preview-every", "3").err()).contains("no preview without --preview");
  }
}
