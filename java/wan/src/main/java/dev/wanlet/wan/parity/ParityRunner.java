// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.model.vae.Vae21;
import dev.wanlet.wan.model.vae.Vae22;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Runs a folder of reference tensors: the core of {@code wanlet parity}. Such a folder holds {@code
 * config.json} (its kind, tolerances, hyper-parameters and weight files), inputs and outputs; see
 * the kinds in this package. Stateless, thread-safe.
 */
public final class ParityRunner {
  private static final Map<String, ParityCase> KINDS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("umt5", new Umt5Case()),
              Map.entry("clip", new ClipCase()),
              Map.entry("rope", new RopeCase()),
              Map.entry("noise", new NoiseCase()),
              Map.entry("schedulers", new SchedulersCase()),
              Map.entry("tokenizer", new TokenizerCase()),
              Map.entry("dit", new DitCase()),
              Map.entry("vae21", new VaeCase(Vae21.INSTANCE)),
              Map.entry("vae22", new VaeCase(Vae22.INSTANCE)),
              Map.entry("conditioning", new ConditioningCase()),
              Map.entry("tae", new TaeCase()),
              Map.entry("e2e", new E2eCase()),
              Map.entry("demo", new DemoCase())));

  private ParityRunner() {}

  /** The kinds of folders this version can run. */
  public static Set<String> kinds() {
    return Set.copyOf(KINDS.keySet());
  }

  /**
   * Runs a folder and compares every tap it has a reference for. A tap that the run did not produce
   * is a failure.
   *
   * @param folder holds {@code config.json}
   * @throws ParityException if the folder is damaged, of an unknown kind, or asks for what this
   *     version cannot do
   * @throws IOException if a file is missing or damaged
   * @throws dev.wanlet.ggml.GgmlException if the device cannot do it
   */
  public static List<TapResult> run(Path folder, ParityOptions options) throws IOException {
    try (ParityFolder files = ParityFolder.open(folder)) {
      ParityCase kind = KINDS.get(files.kind());
      if (kind == null) {
        throw files.bad(
            "kind '"
                + files.kind()
                + "' cannot be run by this version; it runs "
                + String.join(", ", KINDS.keySet()));
      }
      Map<String, float[]> expected = kind.expected(files);
      if (expected.isEmpty()) {
        throw files.bad("the folder has no reference values");
      }
      Map<String, float[]> actual = new HashMap<>();
      try (Backend backend = Backend.open(options.device())) {
        backend.setThreads(options.threads());
        kind.run(
            files,
            new ParityCase.Engine(backend, options.precision(), options.streamed()),
            actual::put);
      }
      List<TapResult> results = new ArrayList<>();
      expected.forEach(
          (tap, values) ->
              results.add(TapResult.compare(tap, actual.get(tap), values, files.tolerance(tap))));
      return List.copyOf(results);
    }
  }
}
