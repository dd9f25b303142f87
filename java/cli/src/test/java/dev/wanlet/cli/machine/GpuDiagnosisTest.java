// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
        root, libraries, Set.of(backends), library -> Optional.ofNullable(loaderSays));
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

  @Test
  void aBuildWithoutGpuBackendsSaysHowToGetThem() throws IOException {
    put("dev/nvidia0", "");
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

  /** The words of the real loader are understood: a library that needs another, which is gone. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void theSystemsLoaderIsUnderstood() throws Exception {
    put("dev/nvidia0", "");
    Path cublas = libraries.resolve("libcublas.so.13");
    compile("-Wl,-soname,libcublas.so.13", "-o", cublas.toString());
    compile(
        "-Wl,--no-as-needed",
        "-o",
        libraries.resolve("libggml-cuda.so").toString(),
        cublas.toString());
    Files.delete(cublas);
    GpuDiagnosis real = GpuDiagnosis.of(libraries, Set.of("CPU", "Vulkan"));
    assertThat(real.reasons())
        .anySatisfy(line -> assertThat(line).startsWith("CUDA: libcublas.so.13 is missing; pip"));
  }

  private void compile(String... options) throws Exception {
    Path source = Files.writeString(root.resolve("empty.c"), "");
    String[] command = new String[options.length + 4];
    command[0] = "cc";
    command[1] = "-shared";
    command[2] = "-fPIC";
    command[3] = source.toString();
    System.arraycopy(options, 0, command, 4, options.length);
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor()).isZero();
  }
}
