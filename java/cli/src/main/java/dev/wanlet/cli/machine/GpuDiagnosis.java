// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import dev.wanlet.ggml.Ggml;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Why graphics cards are not used, a line each, with what to do about it. Immutable.
 *
 * @param root of the file system; {@code /} but for tests
 * @param libraries folder of the native libraries
 * @param backends names of the backends that have a device, such as {@code CUDA}
 * @param foreign backends' libraries that the build did not make, each with what tells it
 * @param loadError tries to load a backend's library; what is said against it, or empty
 */
record GpuDiagnosis(
    Path root,
    Path libraries,
    Set<String> backends,
    Map<Path, String> foreign,
    Function<Path, Optional<String>> loadError) {
  /** CUDA 13 needs this driver or a newer one. Source: NVIDIA's CUDA Toolkit release notes. */
  private static final int CUDA_DRIVER = 580;

  private static final Pattern VERSION = Pattern.compile("\\b(\\d+)\\.\\d+(\\.\\d+)?\\b");
  private static final Pattern ABSENT =
      Pattern.compile("(lib[\\w.+-]+): cannot open shared object");
  private static final String NVIDIA_VENDOR = "0x10de";
  private static final String DISPLAY_CLASS = "0x03";

  /**
   * This machine's.
   *
   * @throws IOException if the libraries cannot be read
   */
  static GpuDiagnosis of(Set<String> backends) throws IOException {
    return new GpuDiagnosis(
        Path.of("/"),
        Ggml.libraryDirectory(),
        backends,
        Ggml.foreignBackends(),
        Ggml::backendProblem);
  }

  /** The reasons; none if every card that could be found is driven. */
  List<String> reasons() {
    List<String> reasons = new ArrayList<>();
    foreign.forEach((file, reason) -> reasons.add(foreign(file, reason)));
    boolean nvidia = hasEntry("dev", "nvidia[0-9]*") || exists("dev/dxg");
    if (!nvidia && hasNvidiaOnBus()) {
      reasons.add(
          "NVIDIA card: its driver is not loaded; install NVIDIA's driver, version "
              + CUDA_DRIVER
              + " or newer, and restart");
    }
    if (!backends.contains("CUDA")) {
      cuda(nvidia).ifPresent(reasons::add);
    }
    if (!backends.contains("Vulkan")) {
      vulkan(nvidia || hasEntry("dev/dri", "renderD*")).ifPresent(reasons::add);
    }
    return reasons;
  }

  private static String foreign(Path file, String reason) {
    return file.getFileName()
        + ": "
        + reason
        + "; it is damaged or of another ggml: ./wanlet --rebuild puts the right one in its place";
  }

  private Optional<String> cuda(boolean nvidia) {
    Path plugin = libraries.resolve("libggml-cuda.so");
    Optional<String> oldDriver = oldDriver();
    if (foreign.containsKey(plugin)) {
      return Optional.empty(); // said already
    }
    if (!Files.exists(plugin)) {
      return nvidia
          ? Optional.of(
              oldDriver.orElse(
                  "CUDA: this build has no CUDA backend; run ./wanlet --rebuild once CUDA's"
                      + " libraries are there (pip install nvidia-cublas nvidia-cuda-runtime, or"
                      + " the CUDA 13 toolkit)"))
          : Optional.empty();
    }
    Optional<String> refused = loadError.apply(plugin);
    if (refused.isPresent()) {
      return Optional.of("CUDA: " + cannotLoad(refused.get()));
    }
    return Optional.of(
        oldDriver.orElse(
            nvidia
                ? "CUDA: the backend is there, but the driver shows it no card; see whether"
                    + " nvidia-smi lists one, and whether CUDA_VISIBLE_DEVICES hides it"
                : "CUDA: the backend is there, but no NVIDIA card"));
  }

  private Optional<String> oldDriver() {
    try {
      Matcher version =
          VERSION.matcher(Files.readString(root.resolve("proc/driver/nvidia/version")));
      return version.find() && Integer.parseInt(version.group(1)) < CUDA_DRIVER
          ? Optional.of(
              "CUDA: the driver "
                  + version.group()
                  + " is older than "
                  + CUDA_DRIVER
                  + ", which CUDA 13 needs; update it, or use Vulkan, which works with it")
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // no driver of NVIDIA's
    }
  }

  private Optional<String> vulkan(boolean card) {
    Path plugin = libraries.resolve("libggml-vulkan.so");
    if (foreign.containsKey(plugin)) {
      return Optional.empty(); // said already
    }
    if (!Files.exists(plugin)) {
      return card
          ? Optional.of("Vulkan: this build has no Vulkan backend; run ./wanlet --rebuild")
          : Optional.empty();
    }
    Optional<String> refused = loadError.apply(plugin);
    if (refused.isPresent()) {
      return Optional.of("Vulkan: " + cannotLoad(refused.get()));
    }
    if (hasSoftwareDriver()) {
      return Optional.of(
          "Vulkan: only devices of CPU type (Mesa's llvmpipe) are there, which are slower than the"
              + " CPU itself; GGML_VK_VISIBLE_DEVICES=0 shows them");
    }
    return Optional.of(
        "Vulkan: no driver shows a device; install your card's, or Mesa's: apt-get install"
            + " mesa-vulkan-drivers");
  }

  /** What to do about a backend that ggml or the system's loader refuses. */
  private static String cannotLoad(String loaderSays) {
    Matcher absent = ABSENT.matcher(loaderSays);
    if (!absent.find()) {
      boolean other =
          loaderSays.contains("API version") || loaderSays.contains("ggml_backend_init");
      return "the backend cannot be loaded: "
          + loaderSays
          + (other ? "; it is of another ggml, or none of ggml's: run ./wanlet --rebuild" : "");
    }
    String library = absent.group(1);
    String remedy =
        switch (library.replaceAll("\\.so.*", "")) {
          case "libcuda" -> "install NVIDIA's driver, version " + CUDA_DRIVER + " or newer";
          case "libcudart", "libcublas", "libcublasLt" ->
              "pip install nvidia-cublas nvidia-cuda-runtime, or install the CUDA 13 toolkit; if"
                  + " it lies elsewhere, name its folder in LD_LIBRARY_PATH";
          case "libvulkan" -> "apt-get install libvulkan1";
          default -> "install it, or name its folder in LD_LIBRARY_PATH";
        };
    return library + " is missing; " + remedy;
  }

  private boolean hasNvidiaOnBus() {
    Path bus = root.resolve("sys/bus/pci/devices");
    if (!Files.isDirectory(bus)) {
      return false;
    }
    try (DirectoryStream<Path> devices = Files.newDirectoryStream(bus)) {
      for (Path device : devices) {
        if (Files.readString(device.resolve("vendor")).startsWith(NVIDIA_VENDOR)
            && Files.readString(device.resolve("class")).startsWith(DISPLAY_CLASS)) {
          return true;
        }
      }
    } catch (IOException e) {
      return false;
    }
    return false;
  }

  private boolean hasSoftwareDriver() {
    return hasEntry("usr/share/vulkan/icd.d", "lvp_icd*")
        || hasEntry("etc/vulkan/icd.d", "lvp_icd*");
  }

  private boolean exists(String path) {
    return Files.exists(root.resolve(path));
  }

  private boolean hasEntry(String folder, String glob) {
    if (!Files.isDirectory(root.resolve(folder))) {
      return false;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(root.resolve(folder), glob)) {
      return entries.iterator().hasNext();
    } catch (IOException e) {
      return false;
    }
  }
}
