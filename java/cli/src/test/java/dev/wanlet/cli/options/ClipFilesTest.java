// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.files.Sha256;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clips tell the names of files; where they lie is found. */
class ClipFilesTest {
  @TempDir private Path folder;
  private Path clip;

  @BeforeEach
  void name() {
    clip = folder.resolve("clip.gif");
  }

  private static CommandRun run(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("-t", "1", "--device", "CPU"));
    return CommandRun.of(all.toArray(String[]::new));
  }

  private CommandRun generate(String... more) {
    List<String> args = new ArrayList<>(List.of("generate", "-p", "a red circle", "-s", "3"));
    args.addAll(List.of("--frames", "1", "-o", clip.toString()));
    args.addAll(List.of(more));
    CommandRun made = run(args.toArray(String[]::new));
    assertThat(made.code()).as(made.err()).isZero();
    return made;
  }

  private CommandRun finish(String... more) {
    List<String> args = new ArrayList<>(List.of("finish", clip.toString(), "--dry-run"));
    args.addAll(List.of(more));
    return run(args.toArray(String[]::new));
  }

  @Test
  void anAdapterIsFoundWhereItLayAndBesideTheClipAndNothingElseIsTakenForIt() throws IOException {
    Path loras = Files.createDirectory(folder.resolve("loras"));
    Path style = Files.copy(DemoModel.fourStepAdapter(), loras.resolve("style.safetensors"));
    generate("--steps", "1", "--lora", style + ":0.25");
    VideoMetadata told = VideoMetadata.read(clip);
    assertThat(told.setting("lora")).contains(List.of("style.safetensors:0.25"));
    assertThat(told.toJson()).doesNotContain(folder.toString());
    assertThat(CommandRun.of("inspect", clip.toString()).out())
        .contains(" --lora " + style + ":0.25")
        .doesNotContain("# " + clip);
    assertThat(finish().err()).contains("adapter " + style + ", strength 0.25");

    Path beside = Files.move(style, folder.resolve("style.safetensors"));
    assertThat(finish().err()).contains("adapter " + beside + ", strength 0.25");

    Files.copy(DemoModel.directory().resolve("config.json"), style);
    assertThat(finish().err()).contains("adapter " + beside + ", strength 0.25");
    Files.delete(beside);
    CommandRun other = finish();
    assertThat(other.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(other.err())
        .hasLineCount(1)
        .contains("clip.gif: names style.safetensors (SHA-256 ", style + " is another file; give");
    Files.delete(style);
    CommandRun gone = finish();
    assertThat(gone.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(gone.err())
        .hasLineCount(1)
        .contains("names style.safetensors, which is neither beside it nor", "give it with --lora");
    assertThat(CommandRun.of("inspect", clip.toString()).out())
        .contains(" --lora style.safetensors:0.25")
        .contains("# " + clip + ": names style.safetensors, which is neither beside it");
    assertThat(finish("--lora", DemoModel.fourStepAdapter().toString()).code()).isZero();
  }

  @Test
  void theRecipesOwnAdapterIsBroughtAnewAndNotNamedByItsPlace() throws IOException {
    generate("--recipe", "fast");
    VideoMetadata told = VideoMetadata.read(clip);
    assertThat(told.toJson())
        .contains("tiny-wan-4step-lora.safetensors:1")
        .doesNotContain(DemoModel.fourStepAdapter().getParent().toString());
    String command = CommandRun.of("inspect", clip.toString()).out().lines().findFirst().get();
    assertThat(command).contains("--recipe fast").doesNotContain("--lora");
    assertThat(finish().code()).isZero();
    byte[] first = Files.readAllBytes(clip);
    clip = folder.resolve("again.gif");
    generate("--recipe", "fast");
    assertThat(clip).hasBinaryContent(first);
  }

  @Test
  void aModelsFilesAreFoundWhereTheyLayOrGivenAnew() throws IOException {
    Path own = folder.resolve("own.gguf");
    CommandRun.of("synth", "tiny-wan", "--type", "f16", "-o", own.toString());
    generate("--steps", "1", "--diffusion-model", own.toString());
    assertThat(VideoMetadata.read(clip).setting("diffusion-model")).contains("own.gguf");
    assertThat(finish().err()).contains("taken from the demo model: VAE, text encoder");
    Path moved = Files.move(own, folder.resolve("moved.gguf"));
    CommandRun gone = finish();
    assertThat(gone.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(gone.err())
        .hasLineCount(1)
        .contains("names own.gguf, which is not where", "give the model with --model");
    CommandRun given = finish("--model", moved.toString());
    assertThat(given.code()).as(given.err()).isZero();
    assertThat(given.err()).contains("taken from the demo model: VAE, text encoder");
    assertThat(finish("--diffusion-model", moved.toString()).code()).isZero();
  }

  private SettingValues located(VideoMetadata told, VideoMetadata... records) throws IOException {
    SettingValues values = new SavedSettings(clip, told).values(s -> s.type().namesFiles());
    return ClipFiles.of(clip, told, List.of(records)).located(values, Set.of());
  }

  @Test
  void filesOfOneNameAreToldApartOrAskedFor() throws IOException {
    Path one = Files.createDirectory(folder.resolve("one")).resolve("model.gguf");
    Path two = Files.createDirectory(folder.resolve("two")).resolve("model.gguf");
    Files.writeString(one, "one");
    Files.writeString(two, "two");
    VideoMetadata[] made = {
      VideoMetadata.builder().put("vae", one).build(),
      VideoMetadata.builder().put("vae", two).build()
    };
    VideoMetadata told = SavedSettings.told(made[0]);
    assertThat(told).isEqualTo(SavedSettings.told(made[1]));
    assertThatThrownBy(() -> located(told, made))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("names model.gguf, and such clips were made here with")
        .hasMessageContaining(one + " and " + two);
    Files.delete(one);
    assertThat(located(told, made).find(Settings.VAE)).contains(two);

    Files.writeString(one, "one");
    VideoMetadata pictures =
        VideoMetadata.builder()
            .put("ref-image", List.of("model.gguf", "model.gguf"))
            .putProvenance("control-sha256", List.of(Sha256.of(two), Sha256.of(one)))
            .build();
    VideoMetadata record = VideoMetadata.builder().put("ref-image", List.of(two, one)).build();
    assertThat(located(pictures, record).find(Settings.REF_IMAGE).orElseThrow().files())
        .containsExactly(two, one);
  }

  @Test
  void clipsOfOlderVersionsNameWholePaths() throws IOException {
    Path vae = Files.writeString(folder.resolve("vae.pth"), "x");
    VideoMetadata old = VideoMetadata.builder().put("vae", vae).build();
    assertThat(located(old).find(Settings.VAE)).contains(vae);
    Files.delete(vae);
    assertThatThrownBy(() -> located(old)).hasMessageContaining("names vae.pth, which is not");
    VideoMetadata adapter =
        VideoMetadata.builder()
            .put("lora", List.of("/swept/away/tiny-wan-4step-lora.safetensors:1"))
            .putProvenance("lora-sha256", List.of(Sha256.of(DemoModel.fourStepAdapter())))
            .build();
    assertThat(located(adapter).find(Settings.LORA).orElseThrow().files().get(0).file())
        .isEqualTo(DemoModel.fourStepAdapter());
    VideoMetadata nothing = VideoMetadata.builder().put("vae", "/").build();
    assertThatThrownBy(() -> located(nothing)).isInstanceOf(MediaException.class);
  }

  @Test
  void recordsAreKeptByWhatAClipTellsAndTheOldestGo() throws IOException {
    ClipRecords records = new ClipRecords(folder.resolve("clips"), 2);
    VideoMetadata whole = VideoMetadata.builder().put("vae", "/a/vae.pth").put("seed", 1).build();
    VideoMetadata other = VideoMetadata.builder().put("vae", "/b/vae.pth").put("seed", 1).build();
    VideoMetadata told = SavedSettings.told(whole);
    assertThat(records.find(told)).isEmpty();
    records.keep(told, whole);
    records.keep(told, whole);
    assertThat(records.find(told)).containsExactly(whole);
    records.keep(told, other);
    assertThat(records.find(told)).containsExactlyInAnyOrder(whole, other);
    assertThat(records.find(VideoMetadata.builder().put("seed", 2).build())).isEmpty();

    for (int seed = 2; seed < 5; seed++) {
      VideoMetadata next = VideoMetadata.builder().put("vae", "/a/v").put("seed", seed).build();
      records.keep(SavedSettings.told(next), next);
    }
    try (var left = Files.list(records.folder())) {
      assertThat(left).hasSize(2);
    }
    try (var left = Files.list(records.folder())) {
      for (Path file : left.toList()) {
        Files.writeString(file, "damaged");
      }
    }
    VideoMetadata last = VideoMetadata.builder().put("vae", "v").put("seed", 4).build();
    assertThat(records.find(last)).isEmpty();
  }
}
