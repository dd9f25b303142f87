// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.nvml;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * A card as its driver sees it now. What a driver does not tell is empty. Immutable.
 *
 * @param index among the cards of the driver
 * @param name such as {@code NVIDIA GeForce RTX 4060}
 * @param busId its place on the bus, such as {@code 00000000:01:00.0}
 * @param memory what it has, and what is taken
 * @param processes that hold some of it, the largest first
 * @param link to the machine
 * @param power it draws
 * @param capability to compute, such as {@code 8.9}
 */
public record NvmlCard(
    int index,
    String name,
    Optional<String> busId,
    Memory memory,
    List<NvmlProcess> processes,
    Link link,
    Power power,
    Optional<String> capability) {
  public NvmlCard {
    processes = List.copyOf(processes);
  }

  /**
   * Memory of a card, in bytes. Immutable.
   *
   * @param totalBytes there are
   * @param freeBytes nobody holds
   * @param usedBytes programs hold; without what is reserved where the driver tells the two apart
   * @param reservedBytes the driver and the card keep to themselves; 0 where it is counted as used
   */
  public record Memory(long totalBytes, long freeBytes, long usedBytes, long reservedBytes) {}

  /**
   * PCIe, now and at most; cards at rest slow their link down. Immutable.
   *
   * @param generation now
   * @param width lanes now
   * @param maxGeneration that card and machine can
   * @param maxWidth lanes that card and machine have
   */
  public record Link(
      OptionalInt generation, OptionalInt width, OptionalInt maxGeneration, OptionalInt maxWidth) {
    /** {@code PCIe 4.0 x8}, at most; empty where the driver does not tell. */
    public Optional<String> most() {
      return text(maxGeneration, maxWidth);
    }

    /** The same, now. */
    public Optional<String> now() {
      return text(generation, width);
    }

    private static Optional<String> text(OptionalInt generation, OptionalInt width) {
      return generation.isPresent() && width.isPresent()
          ? Optional.of("PCIe " + generation.getAsInt() + ".0 x" + width.getAsInt())
          : Optional.empty();
    }
  }

  /**
   * What a card draws. Immutable.
   *
   * @param watts now
   * @param limitWatts that it is held to
   * @param joules since the driver was loaded
   */
  public record Power(OptionalDouble watts, OptionalDouble limitWatts, OptionalDouble joules) {}

  /** Bytes that other programs than this one hold, as far as the driver tells whose they are. */
  public long heldByOthers() {
    long own = ProcessHandle.current().pid();
    return processes.stream().filter(p -> p.pid() != own).mapToLong(p -> p.bytes().orElse(0)).sum();
  }

  /** Bytes that programs hold which draw: the desktop, browsers, games. */
  public long heldByDesktop() {
    return processes.stream()
        .filter(NvmlProcess::graphics)
        .mapToLong(p -> p.bytes().orElse(0))
        .sum();
  }

  /**
   * Bytes that programs hold beyond what the card has: these lie in host memory, which the card
   * reaches over the link, ten times slower or worse. The driver has no figure for it; this is the
   * sum over programs less the whole card, so 0 does not say that nothing was spilled.
   */
  public long spilledBytes() {
    long held = processes.stream().mapToLong(p -> p.bytes().orElse(0)).sum();
    return Math.max(0, held - memory.totalBytes());
  }
}
