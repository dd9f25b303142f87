// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code launcher/gpu.sh}, which chooses backends, on machines made of empty files. */
@EnabledOnOs(OS.LINUX)
class LauncherGpuTest {
  private static final Path SCRIPT = Path.of("../../launcher/gpu.sh").toAbsolutePath();
  private static final String DRIVER =
      "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  %s  Release Build\n";

  @TempDir private Path root;

  private void put(String path, String content) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private void program(String path) throws IOException {
    put(path, "#!/bin/sh\nexit 0\n");
    Files.setPosixFilePermissions(root.resolve(path), PosixFilePermissions.fromString("rwx------"));
  }

  private void glibc() throws IOException {
    put("lib64/ld-linux-x86-64.so.2", "");
  }

  private void nvidia(String driver) throws IOException {
    glibc();
    put("dev/nvidia0", "");
    put("proc/driver/nvidia/version", DRIVER.formatted(driver));
  }

  private void cudaLibraries(String folder) throws IOException {
    for (String name : new String[] {"cudart", "cublas", "cublasLt"}) {
      put(folder + "/lib" + name + ".so.13", "");
    }
  }

  /** Prints backends, those taken ready-made, folders of CUDA, and what is said. */
  private String detect(Map<String, String> environment) throws Exception {
    String commands =
        "set -eu; system=$1; say() { echo \"said: $*\"; }; . \"$2\"; detect_backends;"
            + " choose_ready_backends; echo \"$backends from ${ready:-source}\";"
            + " if has_nvidia_card; then echo \"cuda in ${cuda_folders#$system}\"; fi";
    ProcessBuilder builder =
        new ProcessBuilder("/bin/sh", "-c", commands, "sh", root.toString(), SCRIPT.toString());
    builder.environment().clear();
    // No compiler of the machine that runs the test.
    builder.environment().put("PATH", root.resolve("bin").toString());
    builder.environment().put("HOME", "/home/someone");
    builder.environment().putAll(environment);
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  @Test
  void aMachineWithoutACardBuildsForTheCpu() throws Exception {
    glibc();
    assertThat(detect(Map.of())).isEqualTo("cpu from source\n");
  }

  @Test
  void anyCardGetsTheReadyMadeVulkanBackend() throws Exception {
    glibc();
    put("dev/dri/renderD128", "");
    assertThat(detect(Map.of())).isEqualTo("cpu,vulkan from vulkan\n");
  }

  @Test
  void aFullSdkBuildsVulkanFromSource() throws Exception {
    glibc();
    put("dev/dri/renderD128", "");
    program("usr/bin/glslc");
    put("usr/include/vulkan/vulkan.h", "");
    put("usr/share/cmake/SPIRV-Headers/SPIRV-HeadersConfig.cmake", "");
    assertThat(detect(Map.of())).isEqualTo("cpu,vulkan from source\n");
  }

  @Test
  void anSdkWithoutCooperativeMatricesTakesTheReadyMadeOne() throws Exception {
    aFullSdkBuildsVulkanFromSource();
    put("usr/bin/glslc", "#!/bin/sh\nexit 1\n");
    assertThat(detect(Map.of())).isEqualTo("cpu,vulkan from vulkan\n");
    assertThat(detect(Map.of("WANLET_READY_BACKENDS", "none"))).isEqualTo("cpu,vulkan from none\n");
  }

  @Test
  void withoutGlibcOnX86NothingIsReadyMade() throws Exception {
    put("dev/dri/renderD128", "");
    assertThat(detect(Map.of())).isEqualTo("cpu from source\n");
  }

  @Test
  void cudaIsTakenWhereItsLibrariesAre() throws Exception {
    nvidia("580.65.06");
    cudaLibraries("home/someone/.local/lib/python3.12/site-packages/nvidia/cu13/lib");
    assertThat(detect(Map.of()))
        .isEqualTo(
            """
            cpu,vulkan,cuda from vulkan,cuda
            cuda in /home/someone/.local/lib/python3.12/site-packages/nvidia/cu13/lib
            """);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/usr/local/lib/python3.12/dist-packages",
        "/usr/local/lib/python3.12/site-packages",
        "/opt/conda/lib/python3.12/site-packages",
        "/home/someone/miniforge/envs/torch/lib/python3.12/site-packages"
      })
  void cudaIsFoundWherePyTorchBringsIt(String packages) throws Exception {
    nvidia("580.65.06");
    cudaLibraries(packages.substring(1) + "/nvidia/cu13/lib");
    boolean environment = packages.contains("/envs/");
    String prefix = root + "/home/someone/miniforge/envs/torch";
    assertThat(detect(environment ? Map.of("CONDA_PREFIX", prefix) : Map.of()))
        .isEqualTo(
            """
            cpu,vulkan,cuda from vulkan,cuda
            cuda in %s/nvidia/cu13/lib
            """
                .formatted(packages));
  }

  @Test
  void anyOneOfSeveralCardsIsSeen() throws Exception {
    nvidia("580.65.06");
    Files.delete(root.resolve("dev/nvidia0"));
    put("dev/nvidiactl", "");
    assertThat(detect(Map.of())).isEqualTo("cpu from source\n");
    put("dev/nvidia3", "");
    cudaLibraries("usr/local/cuda/lib64");
    assertThat(detect(Map.of())).startsWith("cpu,vulkan,cuda from vulkan,cuda\n");
  }

  @Test
  void whatCudaLacksIsSaid() throws Exception {
    nvidia("580.65.06");
    put("usr/local/cuda/lib64/libcudart.so.13", "");
    assertThat(detect(Map.of()))
        .contains(
            "said: CUDA is left out, because this is missing: libcublas.so.13, libcublasLt.so.13.",
            "cpu,vulkan from vulkan\n");
  }

  @Test
  void aDriverThatIsTooOldIsSaid() throws Exception {
    nvidia("535.104.05");
    cudaLibraries("usr/local/cuda/lib64");
    assertThat(detect(Map.of()))
        .contains(
            "a driver from version 580 on (this one is 535.104.05)", "cpu,vulkan from vulkan");
  }

  @Test
  void aToolkitWithoutLibrariesBuildsCudaFromSource() throws Exception {
    nvidia("580.65.06");
    program("usr/local/cuda/bin/nvcc");
    assertThat(detect(Map.of())).startsWith("cpu,vulkan,cuda from vulkan\n");
  }

  @Test
  void librariesAreFoundByTheSearchPath() throws Exception {
    nvidia("580.65.06");
    cudaLibraries("opt/cuda");
    assertThat(detect(Map.of("LD_LIBRARY_PATH", "/none:" + root.resolve("opt/cuda"))))
        .startsWith("cpu,vulkan,cuda from vulkan,cuda\n");
  }
}
