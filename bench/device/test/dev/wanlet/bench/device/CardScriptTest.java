// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What {@code run} does about cards, drivers and compilers, with stand-ins for all of them. */
@EnabledOnOs(OS.LINUX)
class CardScriptTest extends ScriptTest {
  /** Takes the place of the driver's tool, and lists two cards. */
  private void twoCards() throws IOException {
    program(
        "nvidia-smi",
        """
        printf '0, 8.6, GPU-aaaa-1, A Card, 580.1, 8192 MiB\\n'
        printf '1, 9.0, GPU-bbbb-2, Another Card, 580.1, 81559 MiB\\n'
        """);
  }

  /** Writes what a part is told of cards to a file. */
  private String tellsCards() throws IOException {
    return program("java", "printf '%s' \"$BENCH_CUDA_CARDS\" > '" + folder + "/told'\n")
        .toString();
  }

  private List<String> cards() throws IOException {
    return whys("machine").stream().filter(line -> line.startsWith("card")).toList();
  }

  @Test
  void ofTwoCardsBothAreListedAndTheOneThatIsMeasuredIsNamed() throws Exception {
    twoCards();
    run(tellsCards(), "--device", "CUDA1", "upload");
    assertThat(cards())
        .containsExactly(
            "card 0: ok: A Card, 580.1, 8192 MiB (compute capability 8.6): not measured; --device"
                + " CUDA0 measures it",
            "card 1: ok: Another Card, 580.1, 81559 MiB (compute capability 9.0): this one is"
                + " measured");
    assertThat(folder.resolve("told")).hasContent("0 1");
  }

  @Test
  void aHiddenCardIsNotTakenForTheOneThatIsSeen() throws Exception {
    twoCards();
    environment.put("CUDA_VISIBLE_DEVICES", "1");
    run(tellsCards(), "--device", "CUDA0", "upload");
    assertThat(cards())
        .containsExactly(
            "card 0: ok: A Card, 580.1, 8192 MiB (compute capability 8.6): not measured;"
                + " CUDA_VISIBLE_DEVICES hides it",
            "card 1: ok: Another Card, 580.1, 81559 MiB (compute capability 9.0): this one is"
                + " measured");
    assertThat(folder.resolve("told")).hasContent("1");
  }

  @Test
  void cardsNamedByTheBeginningOfTheirIdsKeepTheirOrder() throws Exception {
    twoCards();
    environment.put("CUDA_VISIBLE_DEVICES", "GPU-bbbb,GPU-a");
    run(tellsCards(), "--device", "CUDA1", "upload");
    assertThat(folder.resolve("told")).hasContent("1 0");
    assertThat(cards()).element(0).asString().endsWith("this one is measured");
  }

  @Test
  void behindACardThatIsNotThereCudaSeesNone() throws Exception {
    twoCards();
    environment.put("CUDA_VISIBLE_DEVICES", "1,7,0");
    run(tellsCards(), "--device", "CUDA0", "upload");
    assertThat(folder.resolve("told")).hasContent("1");
    assertThat(whys("machine"))
        .anySatisfy(
            line ->
                assertThat(line).startsWith("CUDA_VISIBLE_DEVICES: not run: nvidia-smi lists no"));
  }

  /** A compiler of CUDA 97, whose libraries no machine's loader knows. */
  private Path toolkit() throws IOException {
    program(
        "nvcc",
        """
        case "$*" in
          *dryrun*) echo "#$ TOP=%s/toolkit/bin/.." >&2 ;;
          *) echo 'Cuda compilation tools, release 97.0, V97.0.1' ;;
        esac
        """
            .formatted(folder));
    Files.createDirectories(folder.resolve("toolkit/bin"));
    return Files.createDirectories(folder.resolve("toolkit/lib64"));
  }

  @Test
  void librariesOfTheCompilersOwnFolderAndVersionAreFound() throws Exception {
    Path cudart = Files.createFile(toolkit().resolve("libcudart.so.97"));
    run(tellsCards(), "--device", "CPU", "machine");
    assertThat(whys("machine"))
        .contains(
            "libcudart.so.97: ok: " + cudart.toRealPath(),
            "libcublas.so.97: not run: not found; what needs it is left out");
  }

  @Test
  void librariesAreLookedForInTheFolderThatTheUserNames() throws Exception {
    toolkit();
    Path named = Files.createDirectories(folder.resolve("named/lib64"));
    Path cublas = Files.createFile(named.resolve("libcublas.so.97"));
    environment.put("CUDA_PATH", named.getParent().toString());
    run(tellsCards(), "--device", "CPU", "machine");
    assertThat(whys("machine")).contains("libcublas.so.97: ok: " + cublas);
  }

  @Test
  void theBackendAsksForTheCompilersVersionOfCublas() throws Exception {
    toolkit();
    String said =
        execute(
            0,
            List.of(
                "sh",
                "-c",
                "here=$1; . \"$here/cuda-flags.sh\"; find_nvcc; cuda_flags \"$2\"; echo \"$cuda_defines\"",
                "sh",
                SCRIPTS.toString(),
                folder.toString()));
    assertThat(said)
        .contains(
            "-DCUDA_cublas_LIBRARY=" + folder.resolve("libcublas.so.97"),
            "-DCUDA_cuda_driver_LIBRARY=" + folder.resolve("libcuda.so"));
    assertThat(Files.readString(folder.resolve("libcublas.so.97"), ISO_8859_1))
        .contains("libcublas.so.97");
    assertThat(Files.readString(folder.resolve("libcuda.so"), ISO_8859_1)).contains("libcuda.so.1");
  }

  /** What prepare makes, without anything that can be measured. */
  private Path kit() throws IOException {
    Path kit = folder.resolve("kit");
    for (String part : List.of("lib", "runtime/bin", "ggml/src/ggml-cuda")) {
      Files.createDirectories(kit.resolve(part));
    }
    Files.createFile(kit.resolve("ggml/src/ggml-cuda/ggml-cuda.cu"));
    Files.writeString(kit.resolve("commit"), "abc");
    Files.move(program("java", "exit 0\n"), kit.resolve("runtime/bin/java"));
    return kit;
  }

  private void runKit(Path kit, String... more) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", SCRIPTS.resolve("run").toString()));
    command.addAll(
        List.of(
            "--small",
            "--kit",
            kit.toString(),
            "--results",
            results().toString(),
            "--work",
            folder.resolve("work").toString()));
    command.addAll(List.of(more));
    execute(0, command);
  }

  @Test
  void aBuildThatTakesTooLongIsStopped() throws Exception {
    toolkit();
    program("cmake", "exec sleep 100\n");
    runKit(kit(), "--minutes", "0.2", "machine");
    assertThat(whys("cuda-build"))
        .singleElement()
        .asString()
        // The latter on a machine that is busy with other things.
        .matches("build: not run: (stopped after|no time was left).* 0.2 minutes.*");
  }

  @Test
  void whyABuildFailsIsInItsLine() throws Exception {
    toolkit();
    program("cmake", "echo 'CMake Error: no compiler'\nexit 1\n");
    runKit(kit(), "machine");
    assertThat(whys("cuda-build"))
        .singleElement()
        .asString()
        .startsWith("build: fail: CMake Error: no compiler; ");
  }

  /** Models that are still written must not keep the parts waiting that need none. */
  @Test
  void partsThatNeedNoModelsDoNotWaitForThem() throws Exception {
    toolkit();
    program(
        "cmake",
        """
        case "$*" in *--build*)
          mkdir -p '%1$s/work/cuda/build/bin'
          echo cuMemAddressReserve cudaGraphLaunch > '%1$s/work/cuda/build/bin/libggml-cuda.so' ;;
        esac
        """
            .formatted(folder));
    Path kit = kit();
    Files.writeString(
        kit.resolve("runtime/bin/java"),
        """
        #!/bin/sh
        case "$*" in *Main\\ models*)
          while [ ! -e '%1$s/devices' ]; do sleep 0.1; done
          echo models >> '%1$s/order' ;;
        esac
        case "$*" in *Main\\ devices*) echo devices >> '%1$s/order'; touch '%1$s/devices' ;; esac
        case "$*" in *Main\\ steps*) echo steps >> '%1$s/order' ;; esac
        """
            .formatted(folder));
    runKit(kit, "--minutes", "2", "devices", "steps");
    assertThat(folder.resolve("order")).hasContent("devices\nmodels\nsteps");
    assertThat(lines())
        .anySatisfy(
            line -> {
              assertThat(line.path("part").asText()).isEqualTo("cuda-build");
              assertThat(line.path("vmm").asText()).isEqualTo("ON");
              assertThat(line.path("graphs").asText()).isEqualTo("ON");
            });
  }

  @Test
  void tf32IsOffForTheBoundedTensorsAlone() throws Exception {
    String java =
        program(
                "java",
                "case \"$*\" in *Main\\ parity*) echo \"${NVIDIA_TF32_OVERRIDE:-unset}\" >> '"
                    + folder
                    + "/told' ;; esac\n")
            .toString();
    run(java, "--device", "CPU", "parity");
    assertThat(folder.resolve("told")).hasContent("0\nunset");
  }

  @Test
  void anotherProgramIsMeasuredOnCudaAndTheCpuOnly() throws Exception {
    run(tellsCards(), "--device", "Vulkan0", "--sdcpp", folder.toString(), "sdcpp");
    assertThat(whys("sdcpp"))
        .singleElement()
        .asString()
        .startsWith("all: fail: sdcpp: it is measured on CUDA0, CUDA1, ... and CPU; Vulkan0 is");
  }
}
