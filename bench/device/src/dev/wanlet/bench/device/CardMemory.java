// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.Backend;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Owner: watches how much of a card's memory is taken, by whom ever, as the driver reports it ten
 * times a second. NVIDIA cards only; of others, and where the driver's tool is missing, nothing is
 * known. Thread-safe.
 */
final class CardMemory implements AutoCloseable {
  private static final String INTERVAL_MILLIS = "100";
  private static final long MIB = 1L << 20;

  private final OptionalLong idle;
  private final OptionalLong open;
  private final Optional<Process> process;
  private volatile long peakMib;

  private CardMemory(OptionalLong idle, OptionalLong open, Optional<Process> process) {
    this.idle = idle;
    this.open = open;
    this.process = process;
    process.ifPresent(
        tool -> {
          Thread reader = new Thread(() -> read(tool), "card memory");
          reader.setDaemon(true);
          reader.start();
        });
  }

  /** Opens the kit's device, whose context stays for the life of the process, and watches it. */
  static CardMemory watch(Kit kit) {
    Backend.open(kit.device()).close();
    OptionalLong open = kit.card().isEmpty() ? OptionalLong.empty() : usedBytes(kit.card().get());
    return new CardMemory(kit.idleBytes(), open, kit.card().flatMap(CardMemory::start));
  }

  private static Optional<Process> start(String card) {
    try {
      return Optional.of(
          command("memory.used", "-i", card, "-lms", INTERVAL_MILLIS)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Bytes of the card that are taken now; empty where that is not known. */
  static OptionalLong usedBytes(String card) {
    String text = ask("memory.used", "-i", card);
    return text.isEmpty() ? OptionalLong.empty() : OptionalLong.of(parse(text) * MIB);
  }

  /**
   * What the driver's tool says: one line of comma-separated values for each card, empty where it
   * cannot be asked.
   *
   * @param fields names as {@code nvidia-smi --help-query-gpu} lists them
   * @param more further arguments, such as {@code -i} and the number of a card
   */
  static String ask(String fields, String... more) {
    try {
      Process process =
          command(fields, more).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String text =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
      return process.waitFor() == 0 ? text : "";
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  private static ProcessBuilder command(String fields, String... more) {
    List<String> command =
        new ArrayList<>(
            List.of("nvidia-smi", "--query-gpu=" + fields, "--format=csv,noheader,nounits"));
    command.addAll(List.of(more));
    return new ProcessBuilder(command);
  }

  private void read(Process tool) {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(tool.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        peakMib = Math.max(peakMib, parse(line));
      }
    } catch (IOException e) {
      // the tool was stopped
    }
  }

  private static long parse(String line) {
    String digits = line.replaceAll("\\D", "");
    return digits.isEmpty() ? 0 : Long.parseLong(digits);
  }

  /** What was seen since this began. */
  CardUse use() {
    OptionalLong peak = peakMib == 0 ? OptionalLong.empty() : OptionalLong.of(peakMib * MIB);
    return new CardUse(idle, open, peak);
  }

  @Override
  public void close() {
    process.ifPresent(Process::destroy);
  }
}
