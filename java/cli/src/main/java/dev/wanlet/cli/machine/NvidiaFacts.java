// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import dev.wanlet.profiles.nvml.Nvml;
import dev.wanlet.profiles.nvml.NvmlCard;
import dev.wanlet.profiles.nvml.NvmlProcess;
import dev.wanlet.wan.memory.ByteSize;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** What NVIDIA's driver tells, as facts under stable names. Stateless. */
final class NvidiaFacts {
  /** Programs that are named. */
  private static final int PROGRAMS = 5;

  private NvidiaFacts() {}

  /** An entry for each card. */
  static List<Map<String, Object>> of(Nvml nvml) {
    return nvml.cards().stream().map(card -> of(card, nvml)).toList();
  }

  private static Map<String, Object> of(NvmlCard card, Nvml nvml) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("name", card.name());
    nvml.driver().ifPresent(d -> facts.put("driver", d));
    card.capability().ifPresent(c -> facts.put("compute_capability", c));
    card.busId().ifPresent(b -> facts.put("bus", b));
    facts.put("memory_bytes", card.memory().totalBytes());
    facts.put("free_memory_bytes", card.memory().freeBytes());
    facts.put("reserved_memory_bytes", card.memory().reservedBytes());
    facts.put("held_by_desktop_bytes", card.heldByDesktop());
    facts.put("held_by_others_bytes", card.heldByOthers());
    facts.put("spilled_bytes", card.spilledBytes());
    facts.put(
        "programs", card.processes().stream().limit(PROGRAMS).map(NvidiaFacts::program).toList());
    card.link().most().ifPresent(l -> facts.put("link", l));
    card.link().now().ifPresent(l -> facts.put("link_now", l));
    put(facts, "power_watts", card.power().watts());
    put(facts, "power_limit_watts", card.power().limitWatts());
    return facts;
  }

  private static void put(Map<String, Object> facts, String name, OptionalDouble value) {
    value.ifPresent(v -> facts.put(name, v));
  }

  /** {@code 600.0 MiB by gnome-shell (1234)}. */
  static String program(NvmlProcess process) {
    return (process.bytes().isPresent()
            ? ByteSize.format(process.bytes().getAsLong())
            : "some memory")
        + " by "
        + process
            .program()
            .map(p -> p + " (" + process.pid() + ")")
            .orElse("process " + process.pid());
  }
}
