// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import dev.wanlet.ggml.TensorType;
import dev.wanlet.profiles.RateProbe;
import dev.wanlet.wan.memory.DeviceRates;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What was measured of a device, as facts under stable names. Stateless. */
final class RateFacts {
  private RateFacts() {}

  /**
   * Rates in operations or bytes a second.
   *
   * @param device its name
   * @param file what was read to measure the disk
   */
  static Map<String, Object> of(String device, RateProbe.All all, String file) {
    DeviceRates rates = all.rates();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("device", device);
    facts.put("source", rates.source());
    Map<String, Object> products = new LinkedHashMap<>();
    products.put(TensorType.Q8_0.name(), rates.flops());
    rates.types().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(e -> products.put(e.getKey().name(), e.getValue().flops()));
    facts.put("product_flops", products);
    facts.put("attention_4k_flops", rates.attentionFlops());
    facts.put("attention_32k_flops", rates.longAttentionFlops());
    facts.put("convolution_flops", rates.convolutionFlops());
    facts.put("upload_bytes_per_second", rates.uploadBytesPerSecond());
    facts.put("pageable_upload_bytes_per_second", all.pageableUploadBytesPerSecond());
    facts.put("disk_bytes_per_second", rates.readBytesPerSecond());
    facts.put("disk_source", all.disk() + (file.isEmpty() ? "" : " (" + file + ")"));
    return facts;
  }

  /** A rate for people: {@code 1.2 TFLOP/s}, {@code 2.4 GB/s}; other facts as they are. */
  static Object text(String name, Object value) {
    if (value instanceof Map<?, ?> parts) {
      return parts.entrySet().stream()
          .map(e -> e.getKey() + " " + text(name, e.getValue()))
          .collect(Collectors.joining(", "));
    }
    if (!(value instanceof Double rate)) {
      return value;
    }
    if (name.endsWith("_flops")) {
      return rate >= 1e12
          ? String.format(Locale.ROOT, "%.1f TFLOP/s", rate / 1e12)
          : String.format(Locale.ROOT, "%.0f GFLOP/s", rate / 1e9);
    }
    return name.endsWith("_per_second")
        ? String.format(Locale.ROOT, "%.1f GB/s", rate / 1e9)
        : String.format(Locale.ROOT, "%.1f", rate);
  }
}
