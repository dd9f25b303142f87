// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names come from files, and files from strangers: none may reach the terminal as it is. */
class HostileNamesTest {
  private static final String FORGED = "wanlet: all is well";

  /** A long path may be told whole; a name of 60,000 characters may not. */
  private static final int LONGEST_LINE = 8000;

  private static final String KNOWN = "blocks.0.self_attn.q.weight";

  @TempDir private Path folder;
  private HostileFiles files;
  @RegisterExtension final LoggedText logged = new LoggedText();

  static Stream<String> names() {
    return Stream.of(
        "\u001b[2J\u001b]0;title\u0007blocks.0",
        "blocks.0\r\n" + FORGED + "\n",
        "\u202egpj.exe\u2066\u200f\ufeff",
        "\u009b31m\u0090q\u009c\u0085\u2028" + FORGED,
        "blocks.0." + "x".repeat(60_000),
        "a 'quoted' name ".repeat(4000));
  }

  @BeforeEach
  void makeFiles() {
    files = new HostileFiles(folder);
  }

  @ParameterizedTest
  @MethodSource("names")
  void namesOfTensorsAreShownPlain(String name) throws IOException {
    Path unknown = files.safetensors("unknown.safetensors", Map.of(), "F32", name);
    run(3, "inspect", unknown);
    run(3, "inspect", "--tensors", unknown);
    run(3, "generate", "-p", "x", "--diffusion-model", unknown, "-o", folder.resolve("a.mp4"));
    run(3, "quantize", unknown, folder.resolve("q.gguf"));
    Path part = files.safetensors("part.safetensors", Map.of(name, name), "F32", KNOWN, name);
    run(-1, "inspect", part);
    run(-1, "inspect", "--json", "--tensors", part);
    run(3, "plan", "--diffusion-model", part);
    Path odd = files.safetensors("odd.safetensors", Map.of(), "C64", KNOWN, name);
    run(-1, "inspect", odd);
    run(-1, "inspect", files.gguf("a.gguf", name, name, name, 0));
    run(3, "inspect", files.gguf("b.gguf", name, name, name, 99));
  }

  @ParameterizedTest
  @MethodSource("names")
  void namesInDamagedFilesAreShownPlain(String name) throws IOException {
    String quoted = new com.fasterxml.jackson.databind.ObjectMapper().writeValueAsString(name);
    List<String> headers =
        List.of(
            "{%s:1}",
            "{%s:{},%1$s:{}}",
            "{%s:{\"dtype\":%1$s,\"shape\":[1],\"data_offsets\":[0,4]}}",
            "{%s:{\"dtype\":\"F32\",\"shape\":[9],\"data_offsets\":[0,4]}}",
            "{%s:{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
            "{%s",
            "{\"__metadata__\":{%s:%1$s,%1$s:2}}");
    for (String header : headers) {
      run(-1, "inspect", files.safetensors("a.safetensors", String.format(header, quoted), 4));
    }
    run(
        3,
        "inspect",
        files.zip("a.pth", name.substring(0, Math.min(200, name.length())), new byte[9]));
    run(3, "inspect", files.pth("b.pth", name.replaceAll("\\s", "_")));
    Path index =
        files.json(
            "m.safetensors.index.json", Map.of("weight_map", Map.of(name, name + ".safetensors")));
    run(3, "inspect", index);
  }

  @ParameterizedTest
  @MethodSource("names")
  void namesInOtherFilesAreShownPlain(String name) throws IOException {
    Path tokenizer =
        files.json(
            "tokenizer.json",
            Map.of(
                "normalizer",
                Map.of("type", name),
                "model",
                Map.of("type", "Unigram", "unk_id", 0, "vocab", List.of(List.of(name, 0)))));
    run(3, "generate", "-p", "x", "--tokenizer", tokenizer, "-o", folder.resolve("a.mp4"));
    Path parity = Files.createDirectory(folder.resolve("parity"));
    Files.writeString(
        parity.resolve("config.json"),
        Files.readString(files.json("c.json", Map.of("kind", name))));
    run(3, "parity", parity);
    Path run =
        files.safetensors(
            "a.mp4.resume.safetensors", Map.of(name, name, "prompt", name), "F32", name);
    run(3, "resume", run);
    Path adapter = files.safetensors("lora.safetensors", Map.of(name, name), "F32", name);
    Path model = files.safetensors("model.safetensors", Map.of(), "F32", KNOWN);
    run(3, "quantize", model, folder.resolve("q.gguf"), "--lora", adapter);
    String matrix = "blocks.0.ffn.0.diff_b";
    Path part = files.safetensors("part-lora.safetensors", Map.of(), "F32", matrix, name);
    run(3, "generate", "-p", "x", "--lora", part, "-o", folder.resolve("a.mp4"));
    run(3, "plan", "--lora", adapter);
  }

  @ParameterizedTest
  @MethodSource("names")
  void settingsOfAClipAreShownPlain(String name) throws IOException {
    Path clip = folder.resolve("clip.png");
    VideoMetadata settings =
        VideoMetadata.builder().put("prompt", name).putProvenance("device", name).build();
    try (FrameSink sink = FrameSinks.open(clip, 2, 2, 16, settings)) {
      sink.accept(new RgbFrame(2, 2, new byte[12]));
      sink.finish();
    }
    run(0, "inspect", clip);
    run(0, "inspect", "--json", clip);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u001b[2Jx", "x\n" + FORGED, "\u202egpj"})
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "its file names have no such characters")
  void pathsAreShownPlain(String name) throws IOException {
    Path here = folder.resolve(name);
    run(3, "inspect", here);
    run(3, "inspect", Files.write(folder.resolve(name + ".gguf"), new byte[9]));
    run(3, "inspect", Files.write(folder.resolve(name + ".png"), new byte[9]));
    run(3, "resume", here);
    run(3, "parity", here);
    run(3, "generate", "-p", "x", "--model", here, "-o", folder.resolve("a.mp4"));
    run(2, "generate", "-p", "x", "-o", here);
    run(2, "generate", "-p", "x", "-o", folder.resolve(name + ".avi"));
    run(0, "generate", "-p", "a red circle", "--dry-run", "-o", folder.resolve(name + ".mp4"));
    run(2, "synth", "tiny-wan", "-o", here.resolve("x.gguf"));
    run(
        0,
        "synth",
        "tiny-wan",
        "--part",
        "vae",
        "--type",
        "f16",
        "-o",
        folder.resolve(name + ".gguf"));
    run(2, "generate", "-p", "x", name);
    run(2, name);
  }

  /** Runs a command and checks all that it says; {@code code} is -1 where any will do. */
  private void run(int code, Object... words) {
    logged.clear();
    CommandRun run = CommandRun.of(Stream.of(words).map(String::valueOf).toArray(String[]::new));
    String said = run.out() + "\n" + run.err() + "\n" + logged.text();
    assertThat(said).isNotBlank().doesNotContain("internal error");
    if (code >= 0) {
      assertThat(run.code()).as(run.err()).isEqualTo(code);
    }
    assertThat(said.codePoints().filter(c -> c != '\n').filter(HostileNamesTest::isUnseen))
        .as(said.length() < LONGEST_LINE ? said : "long output")
        .isEmpty();
    assertThat(said.lines()).noneMatch(line -> line.startsWith(FORGED));
    boolean everything = said.contains("\"file\" :") || said.contains("generate --prompt");
    if (!everything) {
      assertThat(said.lines()).allMatch(line -> line.length() < LONGEST_LINE);
    }
  }

  private static boolean isUnseen(int c) {
    int type = Character.getType(c);
    return type == Character.CONTROL
        || type == Character.FORMAT
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
  }
}
