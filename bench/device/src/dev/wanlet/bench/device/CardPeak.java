// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import java.util.Map;

/** What makers state of their cards. Stateless. */
final class CardPeak {
  /**
   * Dense F16 and BF16 products with F32 sums, operations a second. Source: NVIDIA's data sheets
   * (H100 SXM and H200: 989 TFLOPS; H100 PCIe: 756).
   */
  private static final Map<String, Double> FLOPS =
      Map.of("H100 80GB HBM3", 989e12, "H200", 989e12, "H100 PCIe", 756e12);

  private CardPeak() {}

  /** Operations a second of a card, or null for one that is not in the table. */
  static Double flops(String description) {
    return FLOPS.entrySet().stream()
        .filter(card -> description.contains(card.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(null);
  }
}
