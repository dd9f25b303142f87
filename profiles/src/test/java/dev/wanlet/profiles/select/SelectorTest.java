// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Device;
import dev.wanlet.profiles.device.DeviceSpec;
import dev.wanlet.profiles.device.DeviceSpecs;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.MemoryBudget;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.cache.CacheKind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class SelectorTest {
  private static final long GIB = 1L << 30;
  private static final String WAN_1_3B = "wan2.1-t2v-1.3b";
  private static final String WAN_14B = "wan2.1-t2v-14b";
  private static final DeviceSpec CARD = DeviceSpecs.standard().require("8gb");
  private static final Map<String, ModelFacts> FACTS = new HashMap<>();
  private static final List<OpenModel> OPEN = new ArrayList<>();

  @AfterAll
  static void close() {
    OPEN.forEach(OpenModel::close);
  }

  private static Selector.Option option(String id, String recipe, DeviceRates rates) {
    ModelFacts facts = FACTS.computeIfAbsent(id + recipe, key -> facts(id, recipe));
    return new Selector.Option(
        ModelCatalog.standard().require(id),
        recipe,
        VideoPipeline.planner(facts.withRates(rates)),
        prompt -> 40);
  }

  private static ModelFacts facts(String id, String recipe) {
    ModelCatalog catalog = ModelCatalog.standard();
    try {
      OpenModel model =
          OpenModel.toPlan(
              ModelSelection.none().withModel(id),
              Optional.of(recipe),
              catalog,
              new ModelResolver(catalog));
      OPEN.add(model);
      return ModelFacts.of(model, Device.cpu(), 1, CARD.rates(), Precision.AUTO);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Selector.Option> small() {
    return List.of(option(WAN_1_3B, "Q8_0", CARD.rates()));
  }

  private static Wish wish(String profile) {
    return new Wish(
        Profiles.standard().require(profile),
        Optional.empty(),
        OptionalDouble.empty(),
        Optional.empty(),
        SettingValues.NONE);
  }

  private static Wish limited(String profile, Duration limit) {
    return new Wish(
        Profiles.standard().require(profile),
        Optional.empty(),
        OptionalDouble.empty(),
        Optional.of(limit),
        SettingValues.NONE);
  }

  private static Wish given(SettingValues values) {
    return new Wish(
        Profiles.standard().require("balanced"),
        Optional.empty(),
        OptionalDouble.empty(),
        Optional.empty(),
        values);
  }

  @Test
  void theChoiceEndsInTimeAndNothingFinerDoes() {
    Selector selector = new Selector(CARD.budget(16 * GIB));
    Wish wish = wish("draft");
    Choice choice = selector.choose(small(), wish);
    double limit = wish.patienceSeconds();
    assertThat(choice.candidate().seconds()).isLessThanOrEqualTo(limit);
    assertThat(choice.candidate().plan().peakDeviceBytes()).isLessThanOrEqualTo(CARD.usableBytes());
    List<Candidate> front = selector.front(small(), wish);
    assertThat(front)
        .filteredOn(c -> c.quality() > choice.candidate().quality())
        .allMatch(c -> c.seconds() > limit);
    assertThat(front).anyMatch(c -> c.isSameAs(choice.candidate()));
    assertThat(front)
        .allSatisfy(c -> assertThat(front).noneMatch(other -> other.dominates(c)))
        .isSortedAccordingTo((a, b) -> Double.compare(a.seconds(), b.seconds()));
  }

  @Test
  void whatWasGivenStandsAndTheRestAdapts() {
    SettingValues values =
        SettingValues.NONE.with(Settings.SIZE, "640x640").with(Settings.STEPS, 7);
    Choice choice = new Selector(CARD.budget(16 * GIB)).choose(small(), given(values));
    assertThat(choice.candidate().job().size()).isEqualTo(new FrameSize(640, 640));
    assertThat(choice.candidate().job().steps()).isEqualTo(7);
    SettingValues settings = choice.settings(values);
    assertThat(settings.find(Settings.SIZE)).contains("640x640");
    assertThat(settings.find(Settings.WIDTH)).isEmpty();
    assertThat(settings.find(Settings.FRAMES)).contains(choice.candidate().job().frames());
  }

  @Test
  void aRecipeWhoseFilesAreAtHandIsWeighedAgainstTheOwnSteps() {
    Selector.Option own = option(WAN_1_3B, "Q8_0", CARD.rates());
    SettingValues recipe =
        SettingValues.NONE
            .with(Settings.RECIPE, "quick")
            .with(Settings.STEPS, 4)
            .with(Settings.GUIDANCE_SCALE, 1.0);
    Selector.Option quick =
        new Selector.Option(
            own.model(), own.recipe(), Way.ofRecipe("quick", recipe), own.planner(), own.tokens());
    Selector selector = new Selector(CARD.budget(16 * GIB));
    Choice draft = selector.choose(List.of(own, quick), wish("draft"));
    assertThat(draft.candidate().way().recipe()).isEqualTo("quick");
    assertThat(draft.candidate().job().steps()).isEqualTo(4);
    assertThat(draft.line()).contains("4 steps of recipe quick");
    assertThat(draft.reasons())
        .anyMatch(r -> r.startsWith("recipe quick takes the place of 20 steps of the model's own"));
    SettingValues settings = draft.settings(SettingValues.NONE);
    assertThat(settings.find(Settings.RECIPE)).contains("quick");
    assertThat(settings.find(Settings.GUIDANCE_SCALE)).contains(1.0);
    Choice quality = selector.choose(List.of(own, quick), wish("quality"));
    assertThat(quality.candidate().way()).isEqualTo(Way.OWN);
    assertThat(quality.candidate().job().steps()).isEqualTo(50);
    assertThat(selector.front(List.of(own, quick), wish("quality")))
        .extracting(c -> c.way().recipe())
        .contains("", "quick");
  }

  @Test
  void aStepCacheIsWeighedAgainstFewerSteps() {
    Selector.Option own = option(WAN_1_3B, "Q8_0", CARD.rates());
    Way way = Way.cached(SettingValues.NONE.with(Settings.CACHE, CacheKind.MAG));
    Selector.Option cached =
        new Selector.Option(own.model(), own.recipe(), way, own.planner(), own.tokens());
    List<Selector.Option> both = List.of(own, cached);
    Selector selector = new Selector(CARD.budget(16 * GIB));
    Choice quality = selector.choose(both, wish("quality"));
    assertThat(quality.candidate().way()).isEqualTo(Way.OWN);
    double whole = quality.candidate().seconds();
    assertThat(selector.front(both, wish("quality")))
        .filteredOn(c -> c.way().cache().isPresent())
        .isNotEmpty()
        .allSatisfy(c -> assertThat(c.job().steps()).isGreaterThanOrEqualTo(8))
        .anySatisfy(c -> assertThat(c.seconds()).isLessThan(0.8 * whole));
    Duration most = Duration.ofSeconds((long) (0.8 * whole));
    Choice limited = selector.choose(both, limited("quality", most));
    assertThat(limited.candidate().way()).isEqualTo(way);
    assertThat(limited.candidate().job().steps()).isEqualTo(50);
    assertThat(limited.line()).contains("50 steps with step cache mag");
    assertThat(limited.reasons())
        .anyMatch(
            r ->
                r.matches(
                    "step cache mag does without the blocks in \\d+ of 100 passes: the same clip in"
                        + " full would take .*, the limit is .*"));
    assertThat(limited.settings(SettingValues.NONE).find(Settings.CACHE)).contains(CacheKind.MAG);
  }

  @Test
  void aProfileOfSmallerCardsTakesNoMoreThanThey() {
    Selector selector = new Selector(new MemoryBudget(20 * GIB, 16 * GIB));
    Choice choice = selector.choose(small(), wish("4gb"));
    long most = DeviceSpecs.standard().require("4gb").usableBytes();
    assertThat(choice.candidate().plan().peakDeviceBytes()).isLessThanOrEqualTo(most);
    assertThat(choice.settings(SettingValues.NONE).find(Settings.VRAM))
        .contains(new ByteSize(most));
    SettingValues own = SettingValues.NONE.with(Settings.VRAM, new ByteSize(9 * GIB));
    assertThat(choice.settings(own).find(Settings.VRAM)).contains(new ByteSize(9 * GIB));
    assertThat(selector.choose(small(), wish("draft")).deviceBytes()).isEmpty();
  }

  @Test
  void whatIsTooLongIsRefusedWithTheNearestThatFits() {
    RunPlanner planner = option(WAN_1_3B, "Q8_0", CARD.rates()).planner();
    Wish sixteen =
        new Wish(
            Profiles.standard().require("draft"),
            Optional.empty(),
            OptionalDouble.of(16),
            Optional.empty(),
            SettingValues.NONE.with(Settings.SIZE, "832x480").with(Settings.STEPS, 5));
    MemoryBudget little = new MemoryBudget(1100L << 20, 16 * GIB);
    assertThatThrownBy(
            () ->
                planner.plan(
                    GenerationRequest.builder()
                        .set(sixteen.given())
                        .frames(257)
                        .toPlan(ModelCatalog.standard().require(WAN_1_3B), prompt -> 40),
                    little))
        .as("what is wished for does not fit")
        .isInstanceOf(MemoryBudgetException.class);
    assertThatThrownBy(() -> new Selector(little).choose(small(), sixteen))
        .isInstanceOf(MemoryBudgetException.class)
        .hasMessageContaining("what fits is wan2.1-t2v-1.3b Q8_0, 832x480, ");
  }

  @Test
  void aSideAloneStandsAndTheAspectGivesTheOther() {
    Choice choice =
        new Selector(CARD.budget(16 * GIB))
            .choose(small(), given(SettingValues.NONE.with(Settings.HEIGHT, 320)));
    assertThat(choice.candidate().job().size()).isEqualTo(new FrameSize(560, 320));
  }

  @Test
  void aSideThatIsNotThatOfTheSizeIsRefused() {
    SettingValues values =
        SettingValues.NONE.with(Settings.SIZE, "832x480").with(Settings.WIDTH, 640);
    assertThatThrownBy(() -> new Selector(CARD.budget(16 * GIB)).choose(small(), given(values)))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("640");
  }

  @Test
  void aProfileOfVeryFewStepsHasThem() {
    Profile hasty = new Profile("hasty", "for a look", 130_560, 0.1, 1, null, null);
    Wish wish =
        new Wish(
            hasty, Optional.empty(), OptionalDouble.empty(), Optional.empty(), SettingValues.NONE);
    assertThat(new Selector(CARD.budget(16 * GIB)).choose(small(), wish).candidate().job().steps())
        .isEqualTo(5);
  }

  @Test
  void aFasterCardGetsAFinerClip() {
    double before = 0;
    for (String card : List.of("rtx-3050-6gb", "rtx-4060", "rtx-4090")) {
      DeviceSpec spec = DeviceSpecs.standard().require(card);
      Choice choice =
          new Selector(spec.budget(64 * GIB))
              .choose(
                  List.of(option(WAN_1_3B, "Q8_0", spec.rates())),
                  limited("quality", Duration.ofMinutes(8)));
      assertThat(choice.candidate().quality()).as(card).isGreaterThan(before);
      before = choice.candidate().quality();
    }
  }

  @Test
  void weightsThatDoNotFitHostMemoryAreReadFromTheDiskInEveryStep() {
    DeviceRates fast = new DeviceRates(1e14, 12.5e9, "a test");
    List<Selector.Option> large = List.of(option(WAN_14B, "Q8_0", fast));
    Wish wish =
        given(
            SettingValues.NONE
                .with(Settings.SIZE, "480x272")
                .with(Settings.FRAMES, 17)
                .with(Settings.STEPS, 20));
    double much = new Selector(CARD.budget(64 * GIB)).choose(large, wish).candidate().seconds();
    double little = new Selector(CARD.budget(8 * GIB)).choose(large, wish).candidate().seconds();
    assertThat(little).isGreaterThan(1.5 * much);
  }

  @Test
  void reasonsNameTheNextBetterAndWhyNot() {
    Choice slow =
        new Selector(CARD.budget(16 * GIB))
            .choose(List.of(option(WAN_14B, "Q8_0", CARD.rates())), wish("balanced"));
    assertThat(slow.reasons())
        .anyMatch(r -> r.contains("would take") && r.contains("the limit is 30 min"));
    Choice tight =
        new Selector(new MemoryBudget(3 * GIB, 64 * GIB))
            .choose(
                List.of(option(WAN_14B, "Q4_K_M", CARD.rates())),
                limited("quality", Duration.ofDays(30)));
    assertThat(tight.reasons()).anyMatch(r -> r.contains("of device memory, 3.0 GiB can be had"));
  }

  @Test
  void whatNothingFitsIsARefusalWithTheSmallestNeed() {
    assertThatThrownBy(
            () -> new Selector(new MemoryBudget(GIB / 8, GIB)).choose(small(), wish("quality")))
        .isInstanceOf(MemoryBudgetException.class)
        .hasMessageContaining("needs at least");
  }

  @Test
  void aLimitNobodyMeetsIsARefusalWithTheFastest() {
    Selector selector = new Selector(CARD.budget(16 * GIB));
    assertThatThrownBy(() -> selector.choose(small(), limited("quality", Duration.ofSeconds(1))))
        .isInstanceOf(TimeLimitException.class)
        .hasMessageContaining("within 1 s; its fastest is wan2.1-t2v-1.3b Q8_0, 480x272");
  }

  @Test
  void patienceThatIsTooShortTakesTheFastestAndSaysSo() {
    DeviceRates slow = new DeviceRates(1e11, 1e10, "a test");
    Choice choice =
        new Selector(CARD.budget(16 * GIB))
            .choose(List.of(option(WAN_1_3B, "Q8_0", slow)), wish("draft"));
    assertThat(choice.candidate().job().size()).isEqualTo(new FrameSize(480, 272));
    assertThat(choice.reasons().get(0)).contains("nothing that fits ends within the 5 min");
  }

  @Test
  void sixteenSecondsAtAnotherRateAreMadeAndNoted() {
    SettingValues rate = SettingValues.NONE.with(Settings.FPS, 24.0);
    Wish wish =
        new Wish(
            Profiles.standard().require("draft"),
            Optional.of(new Aspect(9, 16)),
            OptionalDouble.of(16),
            Optional.empty(),
            rate);
    Choice choice = new Selector(CARD.budget(16 * GIB)).choose(small(), wish);
    assertThat(choice.candidate().job().frames()).isEqualTo(385);
    assertThat(choice.candidate().job().size().height())
        .isGreaterThan(choice.candidate().job().size().width());
    assertThat(choice.notes(rate))
        .containsExactly(
            "at 24 frames a second motion runs 1.5 times as fast as the model's own 16",
            "385 frames are more than the 81 the model was trained at; motion may repeat or stall");
  }

  @Test
  void wishesThatCannotBeAreRefused() {
    assertThatThrownBy(() -> limited("draft", Duration.ZERO)).hasMessageContaining("time limit");
    assertThatThrownBy(
            () ->
                new Wish(
                    Profiles.standard().require("draft"),
                    Optional.empty(),
                    OptionalDouble.of(17),
                    Optional.empty(),
                    SettingValues.NONE))
        .hasMessageContaining("17.0 s; expected 0.1 to 16 s");
    assertThatThrownBy(
            () ->
                new Wish(
                    Profiles.standard().require("draft"),
                    Optional.empty(),
                    OptionalDouble.of(2),
                    Optional.empty(),
                    SettingValues.NONE.with(Settings.FRAMES, 33)))
        .hasMessageContaining("leave one out");
    assertThatThrownBy(
            () ->
                new Wish(
                    Profiles.standard().require("draft"),
                    Optional.of(new Aspect(16, 9)),
                    OptionalDouble.empty(),
                    Optional.empty(),
                    SettingValues.NONE.with(Settings.SIZE, "64x64")))
        .hasMessageContaining("both an aspect and a size");
  }
}
