// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.Device;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Owner: watches how much of a card's memory is taken, by whom ever, as the driver reports it ten
 * times a second. NVIDIA cards only. Thread-safe.
 */
final class CardMemory implements AutoCloseable {
  private static final String INTERVAL_MILLIS = "100";
  private static final long MIB = 1L << 20;

  private final Process process;
  private volatile long peakMib;

  private CardMemory(Process process) {
    this.process = process;
  }

  /** Starts to watch; empty where the driver's tool is missing or the device is not a card. */
  static Optional<CardMemory> watch(Device device) {
    if (device.isCpu()) {
      return Optional.empty();
    }
    try {
      Process process =
          new ProcessBuilder(command(device, "memory.used", "-lms", INTERVAL_MILLIS))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      CardMemory watch = new CardMemory(process);
      Thread reader = new Thread(watch::read, "card memory");
      reader.setDaemon(true);
      reader.start();
      return Optional.of(watch);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Bytes of the card that are taken now; empty where that is not known. */
  static OptionalLong usedBytes(Device device) {
    String text = device.isCpu() ? "" : ask(device, "memory.used");
    return text.isEmpty() ? OptionalLong.empty() : OptionalLong.of(parse(text) * MIB);
  }

  /**
   * What the driver's tool says of a card: one line of comma-separated values, empty where it
   * cannot be asked.
   *
   * @param fields names as {@code nvidia-smi --help-query-gpu} lists them
   */
  static String ask(Device device, String fields) {
    try {
      Process process =
          new ProcessBuilder(command(device, fields))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
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

  // Devices are numbered as the bus has them: the script sets CUDA_DEVICE_ORDER.
  private static String[] command(Device device, String fields, String... more) {
    String index = device.name().replaceAll("\\D", "");
    String[] command = {
      "nvidia-smi", "--query-gpu=" + fields, "--format=csv,noheader,nounits", "-i", index
    };
    String[] whole = java.util.Arrays.copyOf(command, command.length + more.length);
    System.arraycopy(more, 0, whole, command.length, more.length);
    return whole;
  }

  private void read() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
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

  /** The most bytes that were taken since this began; empty if the tool said nothing. */
  OptionalLong peakBytes() {
    return peakMib == 0 ? OptionalLong.empty() : OptionalLong.of(peakMib * MIB);
  }

  @Override
  public void close() {
    process.destroy();
  }
}
