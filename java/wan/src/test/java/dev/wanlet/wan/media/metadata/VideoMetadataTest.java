// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wanlet.wan.media.MediaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VideoMetadataTest {
  @TempDir Path folder;

  @Test
  void jsonKeepsOrderTypesAndText() {
    VideoMetadata metadata =
        VideoMetadata.builder()
            .put("prompt", "一只猫 😀 \"quoted\" \\ \n \u0001")
            .put("seed", Long.MAX_VALUE)
            .put("cfg-scale", 0.1f)
            .put("vram", null)
            .put("offline", true)
            .put("lora", List.of("a.safetensors", Path.of("b.safetensors")))
            .put("sigmas", List.of(1.0, 0.5))
            .putProvenance("version", "0.1.0")
            .build();
    assertThat(metadata.toJson())
        .startsWith("{\"schema\":\"wanlet-video/1\",\"settings\":{\"prompt\":\"一只猫 😀 ")
        .contains("\"seed\":9223372036854775807,\"cfg-scale\":0.1,\"offline\":true")
        .endsWith("\"provenance\":{\"version\":\"0.1.0\"}}")
        .doesNotContain("vram", "\n");
    assertThat(VideoMetadata.fromJson(metadata.toJson())).isEqualTo(metadata);
    assertThat(VideoMetadata.fromJson(metadata.toAsciiJson())).isEqualTo(metadata);
    assertThat(metadata.toAsciiJson()).isASCII();
  }

  @Test
  void commandLineIsQuotedForAShell() {
    VideoMetadata metadata =
        VideoMetadata.builder()
            .put("prompt", "it's a $HOME `cat`")
            .put("negative-prompt", "")
            .put("seed", -1)
            .put("cfg-scale", 5.0)
            .put("flow-shift", 1e-7)
            .put("offline", true)
            .put("json", false)
            .put("lora", List.of("a b", "c"))
            .build();
    assertThat(metadata.toCommandLine())
        .isEqualTo(
            "./wanlet generate --prompt 'it'\\''s a $HOME `cat`' --negative-prompt '' --seed=-1"
                + " --cfg-scale 5 --flow-shift 0.0000001 --offline --lora 'a b' --lora c");
  }

  @Test
  void shellSeesTheTextThatWasStored() throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")));
    String prompt = "it's \"5\" > 3; $(rm x) `y` \\n \\ !! *? ~ 猫 😀\nsecond line";
    Process shell =
        new ProcessBuilder("/bin/sh", "-c", "printf %s " + CommandLine.quote(prompt)).start();
    String seen = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(shell.waitFor()).isZero();
    assertThat(seen).isEqualTo(prompt);
  }

  /** A clip from a stranger may hold anything. */
  @Test
  void theCommandShowsWhatWouldActOnATerminal() throws IOException, InterruptedException {
    String prompt = "it's 100% \u001b[2J\r\u202egpj \\ \u0085x";
    String word = CommandLine.quote(prompt);
    assertThat(word)
        .isEqualTo(
            "\"$(printf %b 'it'\\''s 100% \\0033[2J\\0015\\0342\\0200\\0256gpj \\\\ \\0302\\0205x')\"");
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")));
    Process shell = new ProcessBuilder("/bin/sh", "-c", "printf %s " + word).start();
    assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .isEqualTo(prompt);
  }

  @Test
  void badNamesAndValuesAreRefused() {
    VideoMetadata.Builder builder = VideoMetadata.builder();
    assertThatThrownBy(() -> builder.put("--seed", 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> builder.put("a b", 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> builder.put("x", new Object()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no stored form");
    assertThatThrownBy(() -> builder.put("x", Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Lavf62",
        "[]",
        "{}",
        "{\"schema\":5}",
        "{\"schema\":\"wanlet-video/2\"}",
        "{",
        "null"
      })
  void commentsOfOthersAreRefused(String comment) {
    assertThatThrownBy(() -> VideoMetadata.fromJson(comment))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void filesWithoutSettingsAreNamed() throws IOException {
    Path text = Files.writeString(folder.resolve("clip.mp4"), "no video at all");
    assertThatThrownBy(() -> VideoMetadata.read(text))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining(text.toString())
        .hasMessageContaining("not a video");
    assertThatThrownBy(() -> VideoMetadata.read(folder.resolve("none.mp4")))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("no such file");
    Path cut = Files.write(folder.resolve("cut.png"), pngStart());
    assertThatThrownBy(() -> VideoMetadata.read(cut))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("cut off");
  }

  /** A PNG that promises a text of 2 GiB and ends. */
  private static byte[] pngStart() {
    return "\u0089PNG\r\n\u001a\n\u007f\u00ff\u00ff\u00ffiTXtComment"
        .getBytes(StandardCharsets.ISO_8859_1);
  }
}
