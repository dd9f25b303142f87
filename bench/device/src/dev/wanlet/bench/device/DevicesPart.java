// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.cli.machine.CudaArchitectures;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
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
    for (Device device : Device.all()) {
      kit.measure(id(), "device " + device.name(), () -> facts(device));
    }
    kit.measure(id(), "first context", () -> firstContext(kit.device()));
    if (kit.device().backendName().equals("CUDA")) {
      kit.measure(id(), "kernels for the card", () -> kernels(kit.device()));
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
    String card = device.isCpu() ? "" : CardMemory.ask(device, CARD);
    return card.isEmpty() ? facts : facts.put("driver_says", card);
  }

  private static Facts kernels(Device device) {
    String capability = CardMemory.ask(device, "compute_cap");
    Optional<String> remark = CudaArchitectures.remark(device, capability);
    return new Facts()
        .put("compute_capability", capability)
        .put("remark", remark.orElse(null))
        .require(remark.isEmpty());
  }

  private static Facts firstContext(Device device) {
    OptionalLong before = CardMemory.usedBytes(device);
    long freeBefore = device.memory().freeBytes();
    long start = System.nanoTime();
    try (Backend backend = Backend.open(device)) {
      backend.synchronize();
      Facts facts =
          new Facts()
              .put("seconds", (System.nanoTime() - start) / 1e9)
              .put("free_bytes_before", freeBefore)
              .put("free_bytes_after", device.memory().freeBytes())
              .put("largest_tensor_bytes", device.maxTensorBytes());
      OptionalLong after = CardMemory.usedBytes(device);
      if (before.isPresent() && after.isPresent()) {
        facts.put("card_bytes_taken", after.getAsLong() - before.getAsLong());
      }
      return facts;
    }
  }
}
