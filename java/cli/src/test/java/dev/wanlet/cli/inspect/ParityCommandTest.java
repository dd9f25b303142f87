// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.sampling.TorchRandom;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParityCommandTest {
  @TempDir private Path folder;

  /** Reference noise of PyTorch's generator, off by {@code error}. */
  private void writeReference(float error) throws IOException {
    Files.writeString(
        folder.resolve("config.json"), "{\"kind\": \"noise\", \"tolerance\": {\"default\": 1e-6}}");
    float[] noise = new TorchRandom(42).randn(32);
    noise[5] += error;
    ByteBuffer bytes = ByteBuffer.allocate(32 * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : noise) {
      bytes.putFloat(value);
    }
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(folder.resolve("outputs.safetensors"))) {
      writer.declare("seed42.shape4x8", StoredType.F32, Shape.of(4, 8));
      writer.append("seed42.shape4x8", bytes.flip());
      writer.commit();
    }
  }

  @Test
  void oneLinePerTapWhenAllIsWithinTolerance() throws IOException {
    writeReference(0);
    CommandRun run = CommandRun.of("parity", folder.toString());
    assertThat(run.code()).isZero();
    assertThat(run.out()).contains("seed42.shape4x8", "max-abs", "nmse", "ok").hasLineCount(1);
  }

  @Test
  void exitCodeOneOverTolerance() throws IOException {
    writeReference(0.01f);
    CommandRun run = CommandRun.of("parity", folder.toString());
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).contains("FAIL").hasLineCount(1);
    JsonNode json =
        new ObjectMapper().readTree(CommandRun.of("parity", folder.toString(), "--json").out());
    assertThat(json.path("ok").asBoolean()).isFalse();
    assertThat(json.path("taps").path(0).path("max_abs").asDouble()).isBetween(0.009, 0.011);
  }

  @Test
  void missingAndUnknownFoldersAreBadInput() throws IOException {
    assertBad(folder.resolve("nowhere"));
    assertBad(folder);
    Files.writeString(
        folder.resolve("config.json"),
        "{\"kind\": \"juggling\", \"tolerance\": {\"default\": 1e-6}}");
    assertThat(assertBad(folder)).contains("juggling");
  }

  private static String assertBad(Path folder) {
    CommandRun run = CommandRun.of("parity", folder.toString());
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains(folder.toString()).hasLineCount(1);
    return run.err();
  }

  @Test
  void unknownDevicesListThoseThereAre() {
    CommandRun run = CommandRun.of("parity", folder.toString(), "--device", "abacus");
    assertThat(run.code()).isEqualTo(ExitCode.DEVICE);
    assertThat(run.err()).contains("'abacus'", "CPU").hasLineCount(1);
  }
}
