// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.base.Printable;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The seed of a comparison whose user leaves it to chance: drawn once and kept in its folder, as
 * clips of different noise say nothing of each other, and a later call goes on with those that are
 * made. Stateless.
 */
final class DrawnSeed {
  private static final String FILE = "drawn-seed.json";
  private static final String SEED = "seed";
  private static final String KEY = "a random seed";

  private DrawnSeed() {}

  /**
   * The seed that an earlier call drew, or a new one.
   *
   * @param folder of the comparison
   * @param err hears of it
   */
  static long of(Path folder, PrintWriter err) throws IOException {
    Path file = folder.resolve(FILE);
    Optional<Long> kept =
        KeptFacts.read(file, KEY)
            .map(facts -> facts.get(SEED))
            .filter(Number.class::isInstance)
            .map(seed -> ((Number) seed).longValue());
    if (kept.isPresent()) {
      err.println("wanlet: seed " + kept.get() + ", as an earlier call drew it");
      return kept.get();
    }
    long drawn = Settings.drawSeed();
    KeptFacts.write(file, KEY, Map.of(SEED, drawn));
    err.println("wanlet: seed " + drawn + ", drawn and kept in " + Printable.text(file));
    return drawn;
  }
}
