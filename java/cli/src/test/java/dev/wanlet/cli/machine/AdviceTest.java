// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.generate.WhatFits;
import dev.wanlet.profiles.host.Host;
import dev.wanlet.profiles.nvml.Nvml;
import dev.wanlet.profiles.nvml.NvmlCard;
import dev.wanlet.profiles.nvml.NvmlProcess;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AdviceTest {
  private static final long GIB = 1L << 30;
  private static final long NOBODY = 4_000_000_001L;

  private static NvmlCard card(long heldBytes, int lanes) {
    return new NvmlCard(
        0,
        "NVIDIA GeForce RTX 4060",
        Optional.of("00000000:01:00.0"),
        new NvmlCard.Memory(8 * GIB, Math.max(0, 8 * GIB - heldBytes), heldBytes, 0),
        List.of(new NvmlProcess(NOBODY, OptionalLong.of(heldBytes), true)),
        new NvmlCard.Link(
            OptionalInt.of(1), OptionalInt.of(lanes), OptionalInt.of(4), OptionalInt.of(8)),
        new NvmlCard.Power(OptionalDouble.of(12), OptionalDouble.empty(), OptionalDouble.empty()),
        Optional.of("8.9"));
  }

  private static Host host(long swap) {
    return new Host("a processor", 4, 8, 16 * GIB, 14 * GIB, swap, List.of());
  }

  @Test
  void aQuietCardNeedsNoWords() {
    assertThat(Advice.of(card(GIB / 4, 8))).isEmpty();
  }

  @Test
  void whatOthersHoldIsNamed() {
    assertThat(Advice.of(card(2 * GIB, 8)))
        .singleElement()
        .asString()
        .contains("other programs hold 2.0 GiB of its 8.0 GiB", "what is left (6.0 GiB)")
        .endsWith("2.0 GiB by process " + NOBODY);
  }

  @Test
  void whatSpillsIsNamed() {
    assertThat(Advice.of(card(9 * GIB, 8)))
        .singleElement()
        .asString()
        .contains("programs hold 1.0 GiB more than the card has");
  }

  @Test
  void aNarrowSlotIsNamed() {
    assertThat(Advice.of(card(0, 4)))
        .singleElement()
        .asString()
        .contains("4 of 8 lanes connect it");
  }

  @Test
  void littleMemoryAndASlowDiskAreNamed() {
    assertThat(Advice.of(host(0), 14 * GIB, OptionalDouble.of(2e9))).isEmpty();
    assertThat(Advice.of(host(0), 8 * GIB, OptionalDouble.of(5e8)))
        .singleElement()
        .asString()
        .contains("8.0 GiB of host memory are free", "at 0.5 GB/s, which will be slow");
    assertThat(Advice.of(host(0), 14 * GIB, OptionalDouble.of(5e8)))
        .singleElement()
        .asString()
        .startsWith("the disk reads 0.5 GB/s");
    assertThat(Advice.of(host(3 * GIB), 14 * GIB, OptionalDouble.empty()))
        .singleElement()
        .asString()
        .startsWith("3.0 GiB of programs' memory lie in swap");
  }

  @Test
  void withoutACardTheDemoIsPointedAt() {
    WhatFits.Fit fit = new WhatFits.Fit("draft", "wan2.1-t2v-1.3b Q8_0", Optional.empty());
    assertThat(Advice.of(List.of(fit), Set.of("cpu")))
        .hasSize(2)
        .anyMatch(l -> l.contains("wanlet generate -p"));
    assertThat(Advice.of(List.of(fit), Set.of("cpu", "gpu"))).hasSize(1);
    WhatFits.Fit none = new WhatFits.Fit("draft", "nothing: it needs more", Optional.empty());
    assertThat(Advice.of(List.of(none), Set.of("gpu"))).isEmpty();
  }

  @Test
  void aCardsFactsHaveStableNames() {
    Nvml nvml = new Nvml(List.of(card(GIB, 8)), Optional.of("580.1"), Optional.empty(), true);
    Map<String, Object> facts = NvidiaFacts.of(nvml).get(0);
    assertThat(facts)
        .containsEntry("driver", "580.1")
        .containsEntry("held_by_desktop_bytes", GIB)
        .containsEntry("link", "PCIe 4.0 x8")
        .containsEntry("link_now", "PCIe 1.0 x8")
        .containsEntry("power_watts", 12.0)
        .doesNotContainKey("power_limit_watts");
  }
}
