// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import dev.wanlet.ggml.Device;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Whether a CUDA backend holds kernels for a card. Stateless. */
public final class CudaArchitectures {
  private static final String FEATURE = "ARCHS=";
  private static final int MAJOR = 100;

  private CudaArchitectures() {}

  /**
   * What is to be said of a card and the CUDA backend that drives it; empty if the backend was
   * compiled for the card's generation, be it to PTX only, and where that is not known.
   *
   * @param device driven by CUDA; another has nothing to say
   * @param capability of the card, as its driver tells it: {@code 8.6}
   */
  public static Optional<String> remark(Device device, String capability) {
    return device.features().stream()
        .filter(f -> f.startsWith(FEATURE))
        .findFirst()
        .flatMap(f -> remark(f.substring(FEATURE.length()), capability));
  }

  /**
   * As {@link #remark(Device, String)}.
   *
   * @param compiled as ggml lists them: {@code 860,890,1200}
   */
  static Optional<String> remark(String compiled, String capability) {
    if (!capability.matches("\\d+\\.\\d") || !compiled.matches("\\d+(,\\d+)*")) {
      return Optional.empty();
    }
    int card = Integer.parseInt(capability.replace(".", "")) * 10;
    Set<Integer> built =
        Arrays.stream(compiled.split(",")).map(Integer::parseInt).collect(Collectors.toSet());
    // Kernels run on later cards of their generation.
    if (built.stream().anyMatch(b -> b / MAJOR == card / MAJOR && b <= card)) {
      return Optional.empty();
    }
    String what =
        String.format(
            Locale.ROOT,
            "CUDA: the backend was compiled for %s, the card is %s: ",
            built.stream()
                .sorted()
                .map(b -> b / MAJOR + "." + b / 10 % 10)
                .collect(Collectors.joining(", ")),
            capability);
    return Optional.of(
        what
            + (built.stream().anyMatch(b -> b < card)
                ? "the driver compiles its kernels anew at first use, which takes minutes, if it"
                    + " holds them as PTX; WANLET_READY_BACKENDS=vulkan ./wanlet --rebuild builds"
                    + " them with nvcc"
                : "it cannot run there; use Vulkan, or build CUDA with nvcc:"
                    + " WANLET_READY_BACKENDS=vulkan ./wanlet --rebuild"));
  }
}
