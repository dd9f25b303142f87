// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import dev.wanlet.cli.generate.WhatFits;
import dev.wanlet.cli.options.MeasuredRates;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.ggml.Device;
import dev.wanlet.profiles.RateProbe;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.request.SettingValues;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a report measures of the device that runs take. Immutable.
 *
 * @param facts rates under stable names
 * @param fits what each profile would choose with them
 * @param disk bytes a second; empty if there was no file to read
 */
record Measurements(Map<String, Object> facts, List<WhatFits.Fit> fits, OptionalDouble disk) {
  /**
   * Measures, in less than twenty seconds.
   *
   * @param model whose files are read to measure the disk; empty for Java's own
   * @throws IOException if the model cannot be found
   */
  static Measurements here(Optional<Path> model) throws IOException {
    Device device = Device.byName("auto");
    int threads = SettingValues.NONE.compute().threadCount();
    List<Path> files = files(model);
    RateProbe.All all = MeasuredRates.probe().all(device, threads, files);
    boolean read = all.disk().startsWith("measured");
    String what = !read ? "" : model.isPresent() ? "the model's file" : "Java's own files";
    return new Measurements(
        RateFacts.of(device.name(), all, what),
        WhatFits.here(),
        read ? OptionalDouble.of(all.rates().readBytesPerSecond()) : OptionalDouble.empty());
  }

  private static List<Path> files(Optional<Path> model) throws IOException {
    if (model.isEmpty()) {
      return List.of(Path.of(System.getProperty("java.home"), "lib", "modules"));
    }
    return ModelFinder.resolve(ModelSelection.none().withModel(model.get().toString()))
        .transformers();
  }

  /** A choice under stable names. */
  static Map<String, Object> facts(WhatFits.Fit fit) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("profile", fit.profile());
    facts.put("choice", fit.choice());
    fit.late().ifPresent(late -> facts.put("late", late));
    return facts;
  }
}
