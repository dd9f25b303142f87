// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What {@code run} does when the process of a part ends before its part does. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the programs it runs are shell scripts")
class DyingPartTest extends ScriptTest {
  @Test
  void aKilledPartIsOneFailureAndTheNextOneRuns() throws Exception {
    // Dies on its first measurement, as a device's library that gives up would, and then goes on.
    Path killed =
        program(
            "java",
            """
        case "$*" in *--resume*) exit 0 ;; esac
        case "$*" in *" ops "*) echo norm > '%s/work/ops-CPU.begun'; kill -9 $$ ;; esac
        exec '%s' "$@"
        """
                .formatted(folder, JAVA));
    run(killed.toString(), "--device", "CPU", "ops", "devices");
    List<JsonNode> lines = lines();
    assertThat(lines)
        .filteredOn(line -> line.path("part").asText().equals("ops"))
        .singleElement()
        .satisfies(
            line -> {
              assertThat(line.path("status").asText()).isEqualTo("fail");
              assertThat(line.path("case").asText()).isEqualTo("norm");
              assertThat(line.path("why").asText()).contains("ended with status 137");
            });
    assertThat(parts(lines, "ok")).contains("devices");
  }

  @Test
  void aPartThatDiesAgainAndAgainIsGivenUp() throws Exception {
    Path killed = program("java", "case \"$*\" in *' ops '*) kill -9 $$ ;; esac\nexit 0\n");
    run(killed.toString(), "--device", "CPU", "ops", "devices");
    assertThat(lines())
        .filteredOn(line -> line.path("part").asText().equals("ops"))
        .hasSize(6)
        .last()
        .satisfies(
            line ->
                assertThat(line.path("why").asText())
                    .isEqualTo("five processes of this part died"));
  }

  /** As ggml's CUDA backend ends a process, after an error that the part had taken well. */
  @Test
  void theLineSaysWhatTheDriverSaid() throws Exception {
    Path dies =
        program(
            "java",
            """
        case "$*" in *--resume*) exit 0 ;; esac
        echo 'norm' > '%s/work/ops-CPU.begun'
        cat >&2 <<'LOG'
        measuring: ops before
        SEVERE: CUDA error: of the measurement before, which was caught
        measuring: ops norm
        Nov 27, 2026 12:00:00 PM dev.wanlet.ggml.internal.NativeLog log
        SEVERE: CUDA error: an illegal memory access was encountered
        Nov 27, 2026 12:00:00 PM dev.wanlet.ggml.internal.NativeLog log
        SEVERE:   current device: 0, in function ggml_backend_cuda_synchronize at ggml-cuda.cu:2
        Nov 27, 2026 12:00:00 PM dev.wanlet.ggml.internal.NativeLog log
        SEVERE:   cudaStreamSynchronize(cuda_ctx->stream())
        wanlet: ggml stopped the process: ggml-cuda.cu:103: CUDA error
        This is a bug in wanlet; please report this line.
        LOG
        exit 134
        """
                .formatted(folder));
    Files.writeString(folder.resolve("results.log"), "SEVERE: an error of an earlier run\n");
    run(dies.toString(), "--device", "CPU", "ops");
    assertThat(whys("ops"))
        .singleElement()
        .asString()
        .startsWith(
            "norm: fail: the process ended with status 134: CUDA error: an illegal memory access"
                + " was encountered; ")
        .contains("current device: 0", "cudaStreamSynchronize(cuda_ctx->stream())")
        .doesNotContain("earlier run", "measurement before", "please report");
    assertThat(folder.resolve("results.log")).content().contains("measuring: ops norm");
  }

  @Test
  void anExceptionIsNamedAndTheRestOfThePartIsMeasured() throws Exception {
    Path dies =
        program(
            "java",
            """
        case "$*" in *--resume*) exec '%2$s' "$@" ;; esac
        echo 'device CPU' > '%1$s/work/devices-CPU.begun'
        echo 'java.lang.NoClassDefFoundError: com/sun/jna/Native' >&2
        echo '	at dev.wanlet.profiles.nvml.Nvml.ask(Nvml.java:1)' >&2
        exit 1
        """
                .formatted(folder, JAVA));
    run(dies.toString(), "--device", "CPU", "devices");
    assertThat(whys("devices"))
        .contains(
            "device CPU: fail: the process ended with status 1: java.lang.NoClassDefFoundError:"
                + " com/sun/jna/Native",
            "first context: ok: ");
  }

  @Test
  void whatFailsBeforeAnyMeasurementIsSaidOnce() throws Exception {
    Path dies = program("java", "echo 'Error: no such module' >&2\nexit 1\n");
    run(dies.toString(), "--device", "CPU", "ops", "upload");
    assertThat(whys("ops"))
        .containsExactly("its start: fail: the process ended with status 1: Error: no such module");
    assertThat(whys("upload")).hasSize(1);
  }

  @Test
  void whatAnEarlierRunBeganIsMeasuredAnew() throws Exception {
    Files.createDirectories(folder.resolve("work"));
    Files.writeString(folder.resolve("work/upload-CPU.begun"), "rates\nbehind a product\n");
    Path dies =
        program(
            "java", "case \"$*\" in *--resume*) exec '" + JAVA + "' \"$@\" ;; esac\nkill -9 $$\n");
    run(dies.toString(), "--device", "CPU", "upload");
    assertThat(whys("upload"))
        .satisfiesExactly(
            start ->
                assertThat(start).startsWith("its start: fail: the process ended with status 137"),
            rates -> assertThat(rates).isEqualTo("rates: ok: "),
            overlap -> assertThat(overlap).isEqualTo("behind a product: ok: "));
  }
}
