// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import dev.wanlet.cli.generate.WhatFits;
import dev.wanlet.profiles.host.Host;
import dev.wanlet.profiles.nvml.NvmlCard;
import dev.wanlet.wan.memory.ByteSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;

/** What would make a machine do better, a line each with what to do about it. Stateless. */
final class Advice {
  /** What others hold of a card is worth a line from this share on. */
  private static final double MUCH_OF_A_CARD = 0.08;

  /** Two experts of A14B at 8 bits have 29 GB; in less memory they come from the disk. */
  private static final long LITTLE_MEMORY = 12L << 30;

  /** A disk from which streaming is slower than most cards compute. */
  private static final double SLOW_DISK = 1e9;

  private static final long SWAPPED = 1L << 30;

  private Advice() {}

  /** Of a card. */
  static List<String> of(NvmlCard card) {
    List<String> lines = new ArrayList<>();
    long held = card.heldByOthers();
    if (card.spilledBytes() > 0) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%s: programs hold %s more than the card has, which lies in slow host memory; end some"
                  + " of: %s",
              card.name(),
              ByteSize.format(card.spilledBytes()),
              programs(card)));
    } else if (held > MUCH_OF_A_CARD * card.memory().totalBytes()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%s: other programs hold %s of its %s; a clip may take what is left (%s). Closing them"
                  + " helps: %s",
              card.name(),
              ByteSize.format(held),
              ByteSize.format(card.memory().totalBytes()),
              ByteSize.format(card.memory().freeBytes()),
              programs(card)));
    }
    if (card.link().width().isPresent()
        && card.link().maxWidth().isPresent()
        && card.link().width().getAsInt() < card.link().maxWidth().getAsInt()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%s: %d of %d lanes connect it, so weights stream slower; a slot wired with more lanes"
                  + " helps",
              card.name(),
              card.link().width().getAsInt(),
              card.link().maxWidth().getAsInt()));
    }
    return lines;
  }

  private static String programs(NvmlCard card) {
    return card.processes().stream()
        .filter(p -> p.pid() != ProcessHandle.current().pid())
        .limit(3)
        .map(NvidiaFacts::program)
        .collect(Collectors.joining(", "));
  }

  /**
   * Of the machine around its devices.
   *
   * @param freeBytes host memory that a run may take
   * @param disk bytes a second, where it was measured
   */
  static List<String> of(Host host, long freeBytes, OptionalDouble disk) {
    List<String> lines = new ArrayList<>();
    boolean slow = disk.isPresent() && disk.getAsDouble() < SLOW_DISK;
    if (freeBytes < LITTLE_MEMORY) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%s of host memory are free: streamed weights beyond that come from the disk%s; close"
                  + " other programs, or take a smaller type (such as --type Q4_K_M)",
              ByteSize.format(freeBytes),
              slow
                  ? String.format(
                      Locale.ROOT, ", at %.1f GB/s, which will be slow", disk.getAsDouble() / 1e9)
                  : ""));
    } else if (slow) {
      lines.add(
          String.format(
              Locale.ROOT,
              "the disk reads %.1f GB/s: the first use of a model waits for it; a faster disk for the"
                  + " models' files helps",
              disk.getAsDouble() / 1e9));
    }
    if (host.swapUsedBytes() > SWAPPED) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%s of programs' memory lie in swap: memory is short; close some before a long run",
              ByteSize.format(host.swapUsedBytes())));
    }
    return lines;
  }

  /**
   * Of what can be made.
   *
   * @param kinds of the devices there are, such as {@code gpu}
   */
  static List<String> of(List<WhatFits.Fit> fits, Set<String> kinds) {
    List<String> lines = new ArrayList<>();
    if (kinds.stream().noneMatch(k -> k.contains("gpu"))) {
      lines.add(
          "no graphics card is used, so clips of the real models take hours; the demo model runs in"
              + " seconds: wanlet generate -p \"a red circle moving left on a black background\"");
    }
    if (fits.stream().noneMatch(f -> f.choice().startsWith("nothing"))) {
      lines.add(
          "to make such a clip: 'wanlet models' says which files to fetch, then wanlet generate"
              + " --model FOLDER --profile draft -p \"...\"");
    }
    return lines;
  }
}
