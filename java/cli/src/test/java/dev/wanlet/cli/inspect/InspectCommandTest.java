// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
  private static final String TRANSFORMER = "diffusion_pytorch_model.safetensors";

  @TempDir private Path folder;

  private static String demo(String file) throws IOException {
    return DemoModel.directory().resolve(file).toString();
  }

  @Test
  void namesTheModelAndItsTypes() throws IOException {
    CommandRun run = CommandRun.of("inspect", demo(TRANSFORMER));
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .contains("Wan transformer", "tiny-wan", "6,233,408", "type F16", "type F32")
        .containsPattern("missing +none")
        .containsPattern("unexpected +none");
  }

  @Test
  void jsonHoldsWhatIsPrinted() throws IOException {
    CommandRun run = CommandRun.of("inspect", "--json", "--tensors", demo(TRANSFORMER));
    JsonNode report = new ObjectMapper().readTree(run.out());
    assertThat(report.path("model").asText()).isEqualTo("tiny-wan");
    assertThat(report.path("numbers").path("layers").asInt()).isEqualTo(6);
    assertThat(report.path("missing")).isEmpty();
    assertThat(report.path("tensor_list")).hasSize(report.path("tensors").asInt());
    assertThat(report.path("tensor_list").findValuesAsText("name"))
        .contains("blocks.5.ffn.2.weight");
  }

  @Test
  void recognisesTheOtherParts() throws IOException {
    assertThat(CommandRun.of("inspect", demo("Wan2.1_VAE.safetensors")).out())
        .contains("Wan 2.1 VAE");
    assertThat(CommandRun.of("inspect", demo("models_t5_umt5-xxl-enc.safetensors")).out())
        .contains("umT5 text encoder", "vocab 684");
  }

  @Test
  void ofAClipItPrintsTheCommand() throws IOException {
    Path clip = folder.resolve("clip.mp4");
    VideoMetadata metadata =
        VideoMetadata.builder()
            .put("prompt", "it's a 狐狸 fox")
            .put("seed", 7L)
            .putProvenance("model", "tiny-wan")
            .build();
    try (FrameSink sink = FrameSinks.open(clip, 64, 64, 16, metadata)) {
      sink.accept(new RgbFrame(64, 64, new byte[64 * 64 * 3]));
      sink.finish();
    }
    CommandRun run = CommandRun.of("inspect", clip.toString());
    assertThat(run.code()).isZero();
    assertThat(run.out().lines().findFirst().orElseThrow())
        .isEqualTo(metadata.toCommandLine())
        .contains("狐狸", "--seed 7");
    assertThat(run.out()).contains("# model: tiny-wan");
    JsonNode json =
        new ObjectMapper().readTree(CommandRun.of("inspect", "--json", clip.toString()).out());
    assertThat(json.path("settings").path("seed").asLong()).isEqualTo(7);
  }

  @Test
  void badFilesAreExitCodeThreeInOneLine() throws IOException {
    Path text = Files.writeString(folder.resolve("a.gguf"), "this is not a weight file");
    Path empty = Files.createFile(folder.resolve("empty.safetensors"));
    Path movie = Files.writeString(folder.resolve("a.mp4"), "this is not a clip");
    for (Path bad : new Path[] {text, empty, movie, folder, folder.resolve("none.gguf")}) {
      CommandRun run = CommandRun.of("inspect", bad.toString());
      assertThat(run.code()).as(bad.toString()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(run.out()).isEmpty();
      assertThat(run.err()).contains(bad.toString()).hasLineCount(1);
    }
  }

  @Test
  void whatIsNoneOfWansNetworksIsExitCodeThree() throws IOException {
    Path other = folder.resolve("other.safetensors");
    try (SafetensorsWriter writer = SafetensorsWriter.create(other)) {
      writer.declare("net.blocks.3.self_attn.k.weight", StoredType.F32, Shape.of(0));
      writer.commit();
    }
    for (String option : new String[] {"--json", "--tensors"}) {
      CommandRun run = CommandRun.of("inspect", option, other.toString());
      assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(run.out()).contains("unknown network");
      assertThat(run.err())
          .contains("expected is one of these", "Nearest is the Wan transformer")
          .hasLineCount(1);
    }
  }

  @Test
  void aCutFileIsDamaged() throws IOException {
    byte[] bytes = Files.readAllBytes(Path.of(demo(TRANSFORMER)));
    Path cut = folder.resolve("cut.safetensors");
    Files.write(cut, Arrays.copyOf(bytes, bytes.length / 2));
    CommandRun run = CommandRun.of("inspect", cut.toString());
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains("cut.safetensors").hasLineCount(1);
  }

  @Test
  void ofAModelsFolderItListsThePartsAndWhatIsMissing() throws IOException {
    CommandRun whole = CommandRun.of("inspect", DemoModel.directory().toString());
    assertThat(whole.code()).isZero();
    assertThat(whole.out())
        .containsPattern("model +tiny-wan")
        .containsPattern("VAE +Wan2.1_VAE.safetensors")
        .containsPattern("tokenizer +google.umt5-xxl.spiece.model")
        .contains("Nothing is missing");
    Path half = Files.createDirectory(folder.resolve("half"));
    Files.copy(Path.of(demo(TRANSFORMER)), half.resolve(TRANSFORMER));
    Files.copy(Path.of(demo("Wan2.1_VAE.safetensors")), half.resolve("Wan2.1_VAE.safetensors"));
    JsonNode report =
        new ObjectMapper().readTree(CommandRun.of("inspect", "--json", half.toString()).out());
    assertThat(report.path("parts").path("vae")).hasSize(1);
    assertThat(report.path("missing_parts").findValuesAsText("part"))
        .containsExactly("text_encoder");
  }

  @Test
  void aFileOfAPublishedModelNamesTheUsualFilesBesideIt() throws IOException {
    Path file = folder.resolve("wan2.1_t2v_1.3B_fp16.safetensors");
    StringBuilder header = new StringBuilder("{");
    long end = append(header, 0, "patch_embedding.weight", 1536, 16, 1, 2, 2);
    end = append(header, end, "text_embedding.0.weight", 1536, 4096);
    end = append(header, end, "time_embedding.0.weight", 1536, 256);
    end = append(header, end, "blocks.0.ffn.0.weight", 8960, 1536);
    end = append(header, end, "head.head.weight", 64, 1536);
    for (int i = 0; i < 30; i++) {
      end = append(header, end, "blocks." + i + ".self_attn.q.weight", 1536, 1536);
    }
    byte[] json = header.append("}").toString().getBytes(StandardCharsets.UTF_8);
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).array());
      out.write(json);
      out.setLength(8 + json.length + end); // a hole that takes no room
    }
    CommandRun run = CommandRun.of("inspect", file.toString());
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("wan2.1-t2v-1.3b", "Missing to run it, and a usual file for each:")
        .containsPattern("text encoder +umt5_xxl_fp8_e4m3fn_scaled.safetensors +6.74 GB +Comfy-Org")
        .containsPattern("VAE +wan_2.1_vae.safetensors +0.25 GB");
  }

  private static long append(StringBuilder json, long start, String name, long... shape) {
    long bytes = 2 * LongStream.of(shape).reduce(1, Math::multiplyExact);
    json.append(json.length() > 1 ? "," : "")
        .append(
            String.format(
                "\"%s\":{\"dtype\":\"F16\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
                name, Arrays.toString(shape), start, start + bytes));
    return start + bytes;
  }
}
