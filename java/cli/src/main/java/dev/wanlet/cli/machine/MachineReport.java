// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.profiles.host.Host;
import dev.wanlet.profiles.nvml.Nvml;
import dev.wanlet.profiles.nvml.NvmlCard;
import dev.wanlet.wan.media.MediaSupport;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.memory.MemoryBudget;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What {@code wanlet doctor} finds out: sections of facts under stable snake-case names, sizes in
 * bytes. Immutable.
 */
final class MachineReport {
  private final Map<String, Object> facts;
  private final boolean canCompute;

  private MachineReport(Map<String, Object> facts, boolean canCompute) {
    this.facts = facts;
    this.canCompute = canCompute;
  }

  /**
   * Finds out.
   *
   * @param measures whether devices and disk are measured, and what fits is planned
   * @param model whose files are read to measure the disk; empty for Java's own
   * @throws IOException if the model cannot be found
   */
  static MachineReport collect(boolean measures, Optional<Path> model) throws IOException {
    List<String> missing = new ArrayList<>();
    List<String> advice = new ArrayList<>();
    Optional<Host> machine = Host.look();
    Nvml nvml = Nvml.ask();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("wanlet", wanlet());
    facts.put("host", host(machine));
    List<Map<String, Object>> devices = devices(missing);
    facts.put("devices", devices);
    facts.put("default_device", defaultDevice(devices));
    if (!nvml.cards().isEmpty()) {
      facts.put("nvidia", NvidiaFacts.of(nvml));
      nvml.cards().forEach(card -> advice.addAll(Advice.of(card)));
    }
    OptionalDouble disk = OptionalDouble.empty();
    if (measures && !devices.isEmpty()) {
      Measurements measured = Measurements.here(model);
      disk = measured.disk();
      facts.put("rates", measured.facts());
      facts.put("fits", measured.fits().stream().map(Measurements::facts).toList());
      Set<String> kinds =
          devices.stream().map(d -> String.valueOf(d.get("kind"))).collect(Collectors.toSet());
      advice.addAll(Advice.of(measured.fits(), kinds));
    }
    OptionalDouble rate = disk;
    machine.ifPresent(m -> advice.addAll(Advice.of(m, MemoryBudget.freeHostBytes(), rate)));
    facts.put("libraries", libraries(missing));
    facts.put("not_used", notUsed(devices, nvml));
    facts.put("missing", missing);
    facts.put("advice", advice);
    return new MachineReport(facts, !devices.isEmpty());
  }

  /** Sections in order: {@code wanlet}, {@code host}, {@code devices}, {@code libraries}, ... */
  Map<String, Object> facts() {
    return facts;
  }

  /** Whether there is at least one device. */
  boolean canCompute() {
    return canCompute;
  }

  private static Map<String, Object> wanlet() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("version", VersionProvider.version());
    facts.put("commit", VersionProvider.commit());
    facts.put("java", Runtime.version().toString());
    facts.put("java_heap_limit_bytes", Runtime.getRuntime().maxMemory());
    return facts;
  }

  private static Map<String, Object> host(Optional<Host> machine) {
    Map<String, Object> facts = new LinkedHashMap<>();
    machine.ifPresent(
        m -> {
          facts.put("processor", m.processor());
          facts.put("cores", m.cores());
        });
    facts.put(
        "system",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"));
    facts.put("processors", Runtime.getRuntime().availableProcessors());
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean os) {
      facts.put("memory_bytes", os.getTotalMemorySize());
      facts.put("free_memory_bytes", MemoryBudget.freeHostBytes());
    }
    machine.ifPresent(
        m -> facts.put("disks", m.disks().stream().map(MachineReport::disk).toList()));
    try {
      facts.put("free_disk_here_bytes", Files.getFileStore(Path.of("")).getUsableSpace());
    } catch (IOException e) {
      facts.put("free_disk_here", "unknown: " + e.getMessage());
    }
    return facts;
  }

  private static String disk(Host.Disk disk) {
    return disk.name() + " (" + disk.model() + ", " + ByteSize.format(disk.bytes()) + ")";
  }

  private static List<Map<String, Object>> devices(List<String> missing) {
    List<Map<String, Object>> devices = new ArrayList<>();
    try {
      for (Device device : Device.all()) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("name", device.name());
        facts.put("description", device.description());
        facts.put("kind", device.kind().name().toLowerCase(Locale.ROOT));
        facts.put("backend", device.backendName());
        facts.put("memory_bytes", device.memory().totalBytes());
        facts.put("free_memory_bytes", device.memory().freeBytes());
        facts.put("async_transfers", device.hasAsyncTransfers());
        facts.put("pinned_host_memory", device.hasHostBuffers());
        devices.add(facts);
      }
    } catch (LinkageError e) {
      missing.add("the native library: " + e.getMessage() + "; rebuild it with ./wanlet --rebuild");
    }
    return devices;
  }

  /** What {@code --device auto} takes, and how to take another. */
  private static Map<String, Object> defaultDevice(List<Map<String, Object>> devices) {
    if (devices.isEmpty()) {
      return Map.of();
    }
    List<String> names = devices.stream().map(d -> String.valueOf(d.get("name"))).toList();
    String name = Device.byName("auto").name();
    List<String> others =
        names.stream().filter(n -> !n.equals(name)).map(n -> "--device " + n).toList();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("name", name);
    facts.put("instead", others.isEmpty() ? "no other is there" : others);
    return facts;
  }

  private static Map<String, Object> libraries(List<String> missing) {
    Map<String, Object> facts = new LinkedHashMap<>();
    try {
      facts.put("ggml", Ggml.version());
      facts.put("ggml_tree", Ggml.treeHash());
      facts.put("native_directory", Ggml.libraryDirectory().toString());
    } catch (LinkageError e) {
      facts.put("ggml", "not loaded");
    }
    try {
      facts.put("ffmpeg", MediaSupport.ffmpegVersion());
      facts.put("encoders", MediaSupport.encoders());
    } catch (IllegalStateException e) {
      facts.put("ffmpeg", "not loaded");
      missing.add("FFmpeg, which writes clips: " + e.getMessage());
    }
    return facts;
  }

  /** Cards and backends that are there but not used, each with the reason. */
  private static List<String> notUsed(List<Map<String, Object>> devices, Nvml nvml) {
    Set<String> backends =
        devices.stream().map(d -> String.valueOf(d.get("backend"))).collect(Collectors.toSet());
    try {
      List<String> reasons = new ArrayList<>(GpuDiagnosis.of(backends).reasons());
      if (nvml.isInstalled()) {
        nvml.problem().ifPresent(reasons::add);
      }
      if (backends.contains("CUDA")) {
        Device.all().stream()
            .flatMap(d -> remark(d, nvml).stream())
            .distinct()
            .forEach(reasons::add);
      }
      return reasons;
    } catch (IOException e) {
      return List.of("backends: their libraries cannot be read: " + e.getMessage());
    } catch (LinkageError e) {
      return List.of(); // listed as missing
    }
  }

  private static Optional<String> remark(Device device, Nvml nvml) {
    return nvml.cards().stream()
        .filter(card -> card.name().equals(device.description()))
        .findFirst()
        .flatMap(NvmlCard::capability)
        .flatMap(capability -> CudaArchitectures.remark(device, capability));
  }
}
