// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.bench;

import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.options.CacheFinder;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.profiles.nvml.Nvml;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.TransformerPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * A line of a benchmark: what was measured, on what and how, as facts under stable names.
 * Stateless.
 */
final class BenchRow {
  private BenchRow() {}

  /**
   * Makes a line.
   *
   * @param load the system's load average before; below 0 where it is not known
   */
  static Map<String, Object> of(
      BenchCase bench, BenchCase.Samples samples, BenchTest test, double load) throws IOException {
    ComputeSettings compute = bench.values().compute();
    List<Double> seconds = samples.seconds().get(test);
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    facts.put("version", VersionProvider.version());
    facts.put("commit", VersionProvider.commit());
    facts.put("ggml", Ggml.version());
    addDevice(facts, Device.byName(compute.device()));
    facts.put("threads", compute.threadCount());
    facts.put("load_before", load < 0 ? null : (Double) load);
    addModel(facts, bench.files());
    facts.put("size", samples.size().toString());
    facts.put("frames", samples.frames());
    addPlan(facts, samples.plan(), compute.deviceBudgetBytes());
    facts.put("test", test.id());
    facts.put("repetitions", seconds.size());
    facts.put("seconds_mean", mean(seconds));
    facts.put("seconds_deviation", deviation(seconds));
    facts.put("seconds_least", seconds.stream().mapToDouble(s -> s).min().orElseThrow());
    OptionalDouble predicted = test.predicted(samples.plan());
    facts.put("seconds_predicted", predicted.isPresent() ? predicted.getAsDouble() : null);
    facts.put("seconds", seconds);
    return facts;
  }

  private static void addDevice(Map<String, Object> facts, Device device) {
    facts.put("device", device.name());
    facts.put("device_name", device.description());
    facts.put("backend", device.backendName());
    Nvml nvml = device.isCpu() ? null : Nvml.ask();
    boolean ofNvidia = nvml != null && nvml.card(device.description()).isPresent();
    facts.put("driver", ofNvidia ? nvml.driver().orElse(null) : null);
  }

  private static void addModel(Map<String, Object> facts, ModelFiles files) throws IOException {
    long bytes = 0;
    for (Path file : files.transformers()) {
      bytes += Files.isRegularFile(file) ? Files.size(file) : 0;
    }
    facts.put("model", files.model().id());
    facts.put("type", CacheFinder.type(files.transformer()));
    // A folder of shards is not counted together: nothing rather than too little.
    facts.put("transformer_file_bytes", bytes == 0 ? null : (Long) bytes);
  }

  private static void addPlan(Map<String, Object> facts, RunPlan plan, OptionalLong budget) {
    TransformerPlan t = plan.transformer();
    facts.put("tokens", t.run().grid().tokens());
    facts.put("passes_per_step", t.run().passes());
    facts.put("budget_bytes", budget.isPresent() ? budget.getAsLong() : null);
    facts.put("planned_peak_bytes", plan.peakDeviceBytes());
    facts.put("resident_blocks", t.placement().resident());
    facts.put("blocks", t.placement().blocks());
    facts.put("upload_bytes_per_step", t.uploadBytesPerStep());
  }

  private static double mean(List<Double> seconds) {
    return seconds.stream().mapToDouble(s -> s).average().orElseThrow();
  }

  /** Of a sample; null of a single one. */
  private static Double deviation(List<Double> seconds) {
    if (seconds.size() < 2) {
      return null;
    }
    double mean = mean(seconds);
    double squares = seconds.stream().mapToDouble(s -> (s - mean) * (s - mean)).sum();
    return Math.sqrt(squares / (seconds.size() - 1));
  }
}
