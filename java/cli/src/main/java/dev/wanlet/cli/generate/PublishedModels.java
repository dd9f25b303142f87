// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.ggml.Device;
import dev.wanlet.profiles.select.Selector;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.OpenAdapters;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.ControlSettings;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.weights.lora.AdapterFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Owner: published models that this version can run, each in the recipes that its files are usually
 * offered in, to choose from without files. Confined to one thread.
 */
final class PublishedModels implements AutoCloseable {
  /** The largest first. */
  private static final List<String> RECIPES = List.of("Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M");

  /** A model in a recipe, as it would be planned on a device. */
  private record Planned(OpenModel model, ModelFacts facts) {}

  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<Planned> models = new ArrayList<>();

  private PublishedModels() {}

  /** Whether this version can run a model, and so choose for it. */
  static boolean canChoose(ModelDefaults model) {
    return model.isRunnable();
  }

  /** Those that make clips from a prompt alone; no demo model. */
  static Predicate<ModelDefaults> fromText() {
    return m ->
        !ModelCatalog.isDemo(m.id())
            && m.transformer().variant().leastPictures() == 0
            && !m.transformer().variant().takesControl();
  }

  /** Those that are made for what was given: control videos, pictures to begin with, or neither. */
  static Predicate<ModelDefaults> forClips(SettingValues given) {
    if (ControlSettings.isGiven(given)) {
      return m -> m.transformer().variant().takesControl();
    }
    return given.find(Settings.INIT_IMG).isPresent() && !given.makesOver()
        ? m -> !ModelCatalog.isDemo(m.id()) && m.transformer().variant().takesPictures()
        : fromText();
  }

  /**
   * Opens them.
   *
   * @param wanted which to choose from
   * @param adapters that a run would have
   * @param settings of the run, on the device whose kernels are planned with
   */
  static PublishedModels open(
      Predicate<ModelDefaults> wanted,
      List<AdapterFile> adapters,
      ComputeSettings settings,
      Device device)
      throws IOException {
    PublishedModels all = new PublishedModels();
    try {
      for (ModelDefaults model : ModelCatalog.standard().models()) {
        if (wanted.test(model) && canChoose(model)) {
          for (String recipe : RECIPES) {
            all.add(model.id(), recipe, adapters, settings, device);
          }
        }
      }
      return all;
    } catch (IOException | RuntimeException e) {
      all.close();
      throw e;
    }
  }

  private void add(
      String id, String recipe, List<AdapterFile> adapters, ComputeSettings settings, Device device)
      throws IOException {
    OpenModel model =
        OpenModel.toPlan(
            ModelSelection.none().withModel(id),
            Optional.of(recipe),
            ModelCatalog.standard(),
            ModelFinder.resolver());
    open.add(model);
    OpenAdapters added = OpenAdapters.open(adapters, model);
    open.add(added);
    ModelFacts facts =
        ModelFacts.of(
            model,
            added,
            device,
            settings.threadCount(),
            DeviceRates.assumed(device),
            settings.precision());
    models.add(new Planned(model, facts));
  }

  /** What there is to choose from, on a device of these rates. */
  List<Selector.Option> options(DeviceRates.Source rates) {
    return models.stream()
        .map(
            m ->
                new Selector.Option(
                    m.model().defaults(),
                    m.model().recipe().orElseThrow(),
                    VideoPipeline.planner(rated(m.facts(), rates)),
                    prompt -> Machine.countTokens(m.model(), prompt)))
        .toList();
  }

  private static ModelFacts rated(ModelFacts facts, DeviceRates.Source rates) {
    return facts.withRates(
        rates.of(facts.device(), facts.threads(), facts.weightTypes(), List.of()));
  }

  @Override
  public void close() {
    for (int i = open.size() - 1; i >= 0; i--) {
      try {
        open.get(i).close();
      } catch (Exception e) {
        throw new IllegalStateException("closing a model failed", e);
      }
    }
    open.clear();
  }
}
