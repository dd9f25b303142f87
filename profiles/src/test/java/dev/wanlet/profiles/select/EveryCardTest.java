// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Device;
import dev.wanlet.profiles.device.DeviceSpec;
import dev.wanlet.profiles.device.DeviceSpecs;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.SettingValues;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every class of card has an answer for every model, aspect and length, or a reason with the
 * nearest that fits.
 */
class EveryCardTest {
  private static final long HOST_BYTES = 16L << 30;
  private static final List<String> CLASSES =
      List.of("4gb", "6gb", "8gb", "10gb", "12gb", "16gb", "24gb");
  private static final List<String> ASPECTS = List.of("16:9", "9:16", "1:1", "4:3");
  private static final double[] SECONDS = {2, 5, 8, 16};

  static List<String> models() {
    return ModelCatalog.standard().models().stream()
        .filter(m -> m.isRunnable())
        .map(ModelDefaults::id)
        .filter(id -> !ModelCatalog.isDemo(id))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("models")
  void thereIsAnAnswerOrAReason(String id) throws IOException {
    ModelCatalog catalog = ModelCatalog.standard();
    try (OpenModel model =
        OpenModel.toPlan(
            ModelSelection.none().withModel(id),
            Optional.of("Q4_K_M"),
            catalog,
            new ModelResolver(catalog))) {
      ModelFacts facts =
          ModelFacts.of(
              model,
              Device.cpu(),
              1,
              DeviceSpecs.standard().require("8gb").rates(),
              Precision.AUTO);
      for (String card : CLASSES) {
        for (String aspect : ASPECTS) {
          for (double seconds : SECONDS) {
            check(facts, model.defaults(), DeviceSpecs.standard().require(card), aspect, seconds);
          }
        }
      }
    }
  }

  private static void check(
      ModelFacts facts, ModelDefaults model, DeviceSpec card, String aspect, double seconds) {
    Wish wish =
        new Wish(
            Profiles.standard().require("draft"),
            Optional.of(Aspect.parse(aspect)),
            OptionalDouble.of(seconds),
            Optional.empty(),
            SettingValues.NONE);
    Selector.Option option =
        new Selector.Option(
            model, "Q4_K_M", VideoPipeline.planner(facts.withRates(card.rates())), prompt -> 40);
    String what = card.id() + " " + aspect + " " + seconds;
    try {
      Candidate chosen =
          new Selector(card.budget(HOST_BYTES)).choose(List.of(option), wish).candidate();
      assertThat(chosen.plan().peakDeviceBytes()).as(what).isLessThanOrEqualTo(card.usableBytes());
      assertThat(chosen.job().frames() / model.fps()).as(what).isBetween(seconds, seconds + 0.3);
      double ratio = (double) chosen.job().size().width() / chosen.job().size().height();
      assertThat(ratio / Aspect.parse(aspect).ratio()).as(what).isBetween(0.93, 1.07);
    } catch (MemoryBudgetException e) {
      assertThat(e.neededBytes()).as(what).isGreaterThan(e.budgetBytes());
      assertThat(e.getMessage())
          .as(what)
          .containsAnyOf("what fits is " + model.id(), "no shorter clip of it fits either");
    }
  }
}
