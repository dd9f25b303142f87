// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.cli.options.MeasuredRates;
import dev.wanlet.ggml.Device;
import dev.wanlet.profiles.device.DeviceSpec;
import dev.wanlet.profiles.select.Selector;
import dev.wanlet.profiles.select.Way;
import dev.wanlet.wan.catalog.OpenAdapters;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.catalog.TaeFile;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.MemoryBudget;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.Decoder;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a run is planned for: this machine, or a card on paper. Immutable.
 *
 * @param device whose kernels and alignments are planned with; for a card on paper one that is here
 * @param rates how fast it is, for each model
 * @param budget memory that a run may take
 * @param name stable name
 * @param title what it is, for people
 */
record Machine(
    ComputeSettings settings,
    Device device,
    DeviceRates.Source rates,
    MemoryBudget budget,
    String name,
    String title) {

  /** The device that the settings name, or the best there is. */
  static Machine here(ComputeSettings settings) {
    Device device = Device.byName(settings.device());
    return new Machine(
        settings,
        device,
        MeasuredRates.SOURCE,
        MemoryBudget.of(settings, device),
        device.name(),
        device.toString());
  }

  /**
   * A card that need not be here, in a machine with the host memory of this one or of the settings.
   */
  static Machine onPaper(DeviceSpec card, ComputeSettings settings) {
    long host = MemoryBudget.of(settings, Device.cpu()).hostBytes();
    MemoryBudget own = card.budget(host);
    long bytes = settings.deviceBudgetBytes().orElse(own.deviceBytes());
    return new Machine(
        settings,
        Device.cpu(),
        (kernels, threads) -> card.rates(),
        own.withDeviceBytes(Math.min(bytes, own.deviceBytes())),
        card.id(),
        card.title() + " (on paper; predicted)");
  }

  /** The budget of a run with these settings: no more than they allow. */
  MemoryBudget budget(SettingValues chosen) {
    OptionalLong most = chosen.compute().deviceBudgetBytes();
    return most.isPresent() && most.getAsLong() < budget.deviceBytes()
        ? budget.withDeviceBytes(most.getAsLong())
        : budget;
  }

  /**
   * Plans a model on this machine; valid while model and adapters are open.
   *
   * @param chosen says whether the small decoder makes the frames
   * @throws IOException if the small decoder's file cannot be read
   */
  RunPlanner planner(OpenModel model, OpenAdapters adapters, SettingValues chosen)
      throws IOException {
    ModelFacts facts =
        ModelFacts.of(model, adapters, device, settings.threadCount(), rates, settings.precision());
    Optional<Path> small =
        chosen
            .find(Settings.DECODER)
            .filter(Decoder.TAE::equals)
            .flatMap(d -> chosen.find(Settings.TAE));
    return VideoPipeline.planner(
        small.isPresent()
            ? facts.withTae(TaeFile.read(small.get(), model.transformerConfig().outChannels()))
            : facts);
  }

  /** The model as something to choose, sampled in a way whose adapters are given. */
  Selector.Option option(OpenModel model, OpenAdapters adapters, SettingValues chosen, Way way)
      throws IOException {
    return new Selector.Option(
        model.defaults(),
        model.recipe().orElse(""),
        way,
        planner(model, adapters, chosen),
        prompt -> countTokens(model, prompt));
  }

  /** Tokens of a prompt; an {@link UncheckedIOException} if the tokenizer cannot be read. */
  static int countTokens(OpenModel model, String prompt) {
    try {
      return model.countTokens(prompt);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
