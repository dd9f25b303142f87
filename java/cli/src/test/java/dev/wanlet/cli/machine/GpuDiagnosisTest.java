// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Ggml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Machines made of empty files, and libraries that stand in for CUDA's. */
class GpuDiagnosisTest {
  @TempDir private Path root;
  private Path libraries;

  @BeforeEach
  void makeLibraryFolder() throws IOException {
    libraries = Files.createDirectory(root.resolve("libraries"));
  }

  private void put(String path, String content) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private void plugin(String name) throws IOException {
    put("libraries/libggml-" + name + ".so", "");
  }

  private GpuDiagnosis machine(String loaderSays, String... backends) {
    return new GpuDiagnosis(
        root, libraries, Set.of(backends), Map.of(), library -> Optional.ofNullable(loaderSays));
  }

  private static String absent(String library) {
    return "/x/libggml.so: " + library + ": cannot open shared object file: No such file";
  }

  @Test
  void aMachineWithoutACardHasNothingToSay() {
    assertThat(machine(null, "CPU").reasons()).isEmpty();
  }

  @Test
  void aCardThatIsDrivenNeedsNoWords() throws IOException {
    put("dev/nvidia0", "");
    plugin("cuda");
    plugin("vulkan");
    assertThat(machine(null, "CPU", "CUDA", "Vulkan").reasons()).isEmpty();
  }

  @Test
  void aCardWithoutItsDriver() throws IOException {
    put("sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n");
    put("sys/bus/pci/devices/0000:01:00.0/class", "0x030000\n");
    assertThat(machine(null, "CPU").reasons())
        .singleElement()
        .asString()
        .startsWith("NVIDIA card: its driver is not loaded; install NVIDIA's driver");
  }

  @Test
  void networkCardsOfNvidiaAreNoGraphicsCards() throws IOException {
    put("sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n");
    put("sys/bus/pci/devices/0000:01:00.0/class", "0x020000\n");
    assertThat(machine(null, "CPU").reasons()).isEmpty();
  }

  @Test
  void aDriverThatIsTooOldForCuda() throws IOException {
    put("dev/nvidia0", "");
    put(
        "proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC"
            + " 2023\n");
    plugin("cuda");
    assertThat(machine(null, "CPU", "Vulkan").reasons())
        .singleElement()
        .asString()
        .isEqualTo(
            "CUDA: the driver 535.104.05 is older than 580, which CUDA 13 needs; update it, or use"
                + " Vulkan, which works with it");
  }

  @Test
  void whatALoaderMissesIsNamedWithItsRemedy() throws IOException {
    put("dev/nvidia0", "");
    plugin("cuda");
    assertThat(machine(absent("libcublas.so.13"), "CPU", "Vulkan").reasons())
        .singleElement()
        .asString()
        .startsWith("CUDA: libcublas.so.13 is missing; pip install nvidia-cublas");
    assertThat(machine(absent("libcuda.so.1"), "CPU", "Vulkan").reasons())
        .singleElement()
        .asString()
        .startsWith("CUDA: libcuda.so.1 is missing; install NVIDIA's driver");
  }

  /** A container may be given any one of a machine's cards. */
  @Test
  void aBuildWithoutGpuBackendsSaysHowToGetThem() throws IOException {
    put("dev/nvidia3", "");
    assertThat(machine(null, "CPU").reasons())
        .satisfiesExactly(
            cuda -> assertThat(cuda).startsWith("CUDA: this build has no CUDA backend"),
            vulkan -> assertThat(vulkan).contains("no Vulkan backend; run ./wanlet --rebuild"));
  }

  @Test
  void softwareVulkanIsShownOnlyWhenAskedFor() throws IOException {
    plugin("vulkan");
    put("usr/share/vulkan/icd.d/lvp_icd.x86_64.json", "");
    assertThat(machine(null, "CPU").reasons())
        .singleElement()
        .asString()
        .contains("devices of CPU type", "GGML_VK_VISIBLE_DEVICES=0 shows them");
  }

  @Test
  void vulkanWithoutALoaderOrADriver() throws IOException {
    plugin("vulkan");
    assertThat(machine(absent("libvulkan.so.1"), "CPU").reasons())
        .containsExactly("Vulkan: libvulkan.so.1 is missing; apt-get install libvulkan1");
    assertThat(machine(null, "CPU").reasons())
        .singleElement()
        .asString()
        .startsWith("Vulkan: no driver shows a device");
  }

  @Test
  void aBackendOfAnotherBuildIsNamedOnceAndNotLoaded() throws IOException {
    put("dev/nvidia0", "");
    plugin("cuda");
    plugin("vulkan");
    GpuDiagnosis diagnosis =
        new GpuDiagnosis(
            root,
            libraries,
            Set.of("CPU"),
            Map.of(
                libraries.resolve("libggml-cuda.so"), "it takes 1 bytes",
                libraries.resolve("libggml-vulkan.so"), "it takes 2 bytes"),
            library -> {
              throw new AssertionError(library + " was loaded");
            });
    assertThat(diagnosis.reasons())
        .satisfiesExactlyInAnyOrder(
            cuda ->
                assertThat(cuda)
                    .startsWith("libggml-cuda.so: it takes 1 bytes; it is damaged or of another"),
            vulkan -> assertThat(vulkan).startsWith("libggml-vulkan.so: it takes 2 bytes"));
  }

  private GpuDiagnosis withTheRealLoader() {
    return new GpuDiagnosis(
        root, libraries, Set.of("CPU", "Vulkan"), Map.of(), Ggml::backendProblem);
  }

  /** The words of the real loader are understood: a library that needs another, which is gone. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void theSystemsLoaderIsUnderstood() throws Exception {
    put("dev/nvidia0", "");
    for (String needed : new String[] {"libcublas.so.13", "libcuda.so.1"}) {
      Path library = StandInLibrary.compile(libraries.resolve(needed), "", "-Wl,-soname," + needed);
      StandInLibrary.compile(
          libraries.resolve("libggml-cuda.so"),
          StandInLibrary.OTHER_GGML,
          "-Wl,--no-as-needed",
          library.toString());
      Files.delete(library);
      assertThat(withTheRealLoader().reasons())
          .singleElement()
          .asString()
          .startsWith("CUDA: " + needed + " is missing; ");
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void whatGgmlRefusesIsSaidInItsWords() throws Exception {
    put("dev/nvidia0", "");
    Path plugin = libraries.resolve("libggml-cuda.so");
    StandInLibrary.compile(plugin, StandInLibrary.OTHER_GGML);
    assertThat(withTheRealLoader().reasons())
        .singleElement()
        .asString()
        .contains("incompatible API version (backend: 1", "of another ggml");
    Files.delete(plugin); // loaded libraries are known by their file
    StandInLibrary.compile(plugin, StandInLibrary.NO_BACKEND);
    assertThat(withTheRealLoader().reasons())
        .singleElement()
        .asString()
        .contains("failed to find ggml_backend_init", "none of ggml's");
  }
}
