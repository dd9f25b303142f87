// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.cli.machine.CudaArchitectures;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.memory.HiddenMemory;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/** What is there: devices, driver, and what a context takes before the first tensor is made. */
final class DevicesPart implements Part {
  private static final String CARD =
      "name,driver_version,memory.total,compute_cap,pcie.link.gen.max,pcie.link.width.max";

  @Override
  public String id() {
    return "devices";
  }

  @Override
  public void run(Kit kit) throws IOException {
    Ggml.foreignBackends()
        .forEach((file, reason) -> kit.log().notRun(id(), file.getFileName().toString(), reason));
    // First of all: what follows opens it too.
    kit.measure(id(), "first context", () -> firstContext(kit));
    for (Device device : Device.all()) {
      kit.measure(id(), "device " + device.name(), () -> facts(device));
    }
    if (kit.device().backendName().equals("CUDA") && kit.card().isPresent()) {
      kit.measure(
          id(), "kernels for the card", () -> kernels(kit.device(), kit.card().orElseThrow()));
    }
  }

  private static Facts facts(Device device) {
    Facts facts =
        new Facts()
            .put("description", device.description())
            .put("backend", device.backendName())
            .put("kind", device.kind().name())
            .put("total_bytes", device.memory().totalBytes())
            .put("free_bytes", device.memory().freeBytes())
            .put("async_transfers", device.hasAsyncTransfers())
            .put("pinned_host_memory", device.hasHostBuffers())
            .put("features", String.join(" ", device.features().stream().sorted().toList()))
            .put("ggml", Ggml.version());
    String card = CardId.of(device).map(id -> CardMemory.ask(CARD, "-i", id)).orElse("");
    return card.isEmpty() ? facts : facts.put("driver_says", card);
  }

  private static Facts kernels(Device device, String card) {
    String capability = CardMemory.ask("compute_cap", "-i", card);
    Optional<String> remark = CudaArchitectures.remark(device, capability);
    return new Facts()
        .put("compute_capability", capability)
        .put("remark", remark.orElse(null))
        .require(remark.isEmpty());
  }

  private static Facts firstContext(Kit kit) {
    long start = System.nanoTime();
    try (Backend backend = Backend.open(kit.device())) {
      backend.synchronize();
      double seconds = (System.nanoTime() - start) / 1e9;
      OptionalLong open =
          kit.card().isEmpty() ? OptionalLong.empty() : CardMemory.usedBytes(kit.card().get());
      OptionalLong taken = new CardUse(kit.idleBytes(), open, open).context();
      return new Facts()
          .put("seconds", seconds)
          .put("card_context_bytes", taken.isPresent() ? taken.getAsLong() : null)
          .put("planned_context_bytes", HiddenMemory.contextBytes(kit.device()))
          .put("free_bytes_after", kit.device().memory().freeBytes())
          .put("largest_tensor_bytes", kit.device().maxTensorBytes());
    }
  }
}
