// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.Device;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * By which number the driver's tool knows a device. CUDA's numbers are others where {@code
 * CUDA_VISIBLE_DEVICES} hides or orders cards; the script says which. Stateless.
 */
final class CardId {
  /** The tool's numbers of CUDA0, CUDA1, ..., with spaces; a dash where it lists no such card. */
  private static final String CUDA_CARDS = "BENCH_CUDA_CARDS";

  private static final Pattern CUDA = Pattern.compile("(?i)CUDA(\\d+)");

  private CardId() {}

  /** The card of a device; empty if it is none, or not known. */
  static Optional<String> of(Device device) {
    if (device.isCpu()) {
      return Optional.empty();
    }
    return CUDA.matcher(device.name()).matches()
        ? ofCuda(device.name())
        : named(CardMemory.ask("index,name"), device.description());
  }

  /** The card of a device of CUDA by its name alone: asks nothing that would open the card. */
  static Optional<String> ofCuda(String device) {
    return ofCuda(device, System.getenv(CUDA_CARDS));
  }

  static Optional<String> ofCuda(String device, String cards) {
    Matcher matcher = CUDA.matcher(device);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    if (cards == null) {
      return Optional.of(matcher.group(1));
    }
    List<String> numbers = List.of(cards.trim().split("\\s+"));
    int index = Integer.parseInt(matcher.group(1));
    return index < numbers.size() && numbers.get(index).matches("\\d+")
        ? Optional.of(numbers.get(index))
        : Optional.empty();
  }

  /**
   * The one card of a name: other interfaces number cards in their own way, and cards of other
   * makers are not listed at all.
   *
   * @param listed lines of number and name
   */
  static Optional<String> named(String listed, String name) {
    List<String> numbers =
        listed
            .lines()
            .map(line -> line.split(",", 2))
            .filter(card -> card.length == 2 && card[1].trim().equals(name))
            .map(card -> card[0].trim())
            .toList();
    return numbers.size() == 1 ? Optional.of(numbers.get(0)) : Optional.empty();
  }
}
