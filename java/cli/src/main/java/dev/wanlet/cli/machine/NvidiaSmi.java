// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The program that comes with NVIDIA's driver and knows its cards. Stateless. */
final class NvidiaSmi {
  private NvidiaSmi() {}

  /**
   * The compute capability of each card, such as {@code 8.6}, by the card's name; empty where the
   * program is missing or sees none.
   *
   * @param program its name or place
   */
  static Map<String, String> capabilities(String program) {
    Map<String, String> cards = new LinkedHashMap<>();
    try {
      Process process =
          new ProcessBuilder(program, "--query-gpu=name,compute_cap", "--format=csv,noheader")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() == 0) {
        text.lines()
            .map(line -> line.split(", *"))
            .filter(fields -> fields.length == 2)
            .forEach(fields -> cards.put(fields[0], fields[1]));
      }
    } catch (IOException e) {
      return Map.of(); // it is not there
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return cards;
  }
}
