// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelsGetCommandTest {
  private static final byte[] CONTENT = "some weights".getBytes();

  @TempDir private Path folder;
  private FakeHub hub;

  @BeforeEach
  void open() throws IOException {
    hub = new FakeHub().answering(FakeHub.file(CONTENT, "\"v1\""));
  }

  @AfterEach
  void close() {
    hub.close();
  }

  private CommandRun get(String... arguments) {
    String[] all = new String[arguments.length + 6];
    System.arraycopy(new String[] {"models", "get"}, 0, all, 0, 2);
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    System.arraycopy(
        new String[] {"--endpoint", hub.address(), "--to", folder.resolve("5b").toString()},
        0,
        all,
        arguments.length + 2,
        4);
    return CommandRun.of(all);
  }

  @Test
  void filesComeOneAfterTheOtherUntilOneIsNotWhatItShouldBe() {
    CommandRun run = get("wan2.2-ti2v-5b", "--type", "q4_k_s");
    assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.BAD_INPUT);
    Path to = folder.resolve("5b");
    assertThat(to.resolve("Wan2.2-TI2V-5B-Q4_K_S.gguf")).hasBinaryContent(CONTENT);
    assertThat(to.resolve("umt5-xxl-encoder-Q4_K_S.gguf")).hasBinaryContent(CONTENT);
    assertThat(run.out()).hasLineCount(2).contains("no SHA-256 of it is known");
    assertThat(run.err())
        .contains("1 of 3: Wan2.2-TI2V-5B-Q4_K_S.gguf", "3 of 3: wan2.2_vae.safetensors, 1.41 GB")
        .contains("the server has 12 bytes, listed are 1,409,400,960; it is another file");
    assertThat(to.resolve("wan2.2_vae.safetensors")).doesNotExist();
    assertThat(hub.asked().get(0).get("path"))
        .isEqualTo("/QuantStack/Wan2.2-TI2V-5B-GGUF/resolve/main/Wan2.2-TI2V-5B-Q4_K_S.gguf");
  }

  @Test
  void aDryRunAsksNobody() {
    CommandRun run = get("wan2.2-t2v-a14b", "--dry-run");
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .hasLineCount(4)
        .contains("wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors  14.3 GB  SHA-256 listed");
    assertThat(hub.asked()).isEmpty();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void whatCannotBeFetchedIsSaid() throws IOException {
    assertUsage(get("wan9"), "unknown model 'wan9'");
    assertUsage(get("tiny-wan"), "nothing to fetch");
    assertUsage(
        CommandRun.of("models", "get", "wan2.1-t2v-14b", "--endpoint", "here", "--dry-run"),
        "not the address of a hub");
    Files.writeString(folder.resolve("5b"), "a file where the folder should be");
    assertUsage(get("wan2.1-t2v-14b"), "5b");
    assertThat(hub.asked()).isEmpty();
  }

  private static void assertUsage(CommandRun run, String message) {
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains(message);
  }
}
