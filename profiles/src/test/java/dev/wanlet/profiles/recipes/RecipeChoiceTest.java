// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.request.AdapterList;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.wan.sampling.SigmaList;
import dev.wanlet.weights.lora.AdapterFile;
import dev.wanlet.weights.lora.AdapterScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeChoiceTest {
  private static final ModelDefaults SMALL = ModelCatalog.standard().require("wan2.1-t2v-1.3b");
  private static final ModelDefaults LARGE = ModelCatalog.standard().require("wan2.1-t2v-14b");
  private static final ModelDefaults EXPERTS = ModelCatalog.standard().require("wan2.2-t2v-a14b");

  private static ModelSigns files(String... names) {
    return new ModelSigns(
        Arrays.stream(names).map(n -> Path.of("/models", n)).toList(),
        List.of(),
        Map.of(),
        Set.of());
  }

  private static RecipeChoice choose(SettingValues given, ModelDefaults model, ModelSigns signs) {
    return RecipeChoice.of(RecipeBook.standard(), given, model, signs, List.of());
  }

  @Test
  void withoutSignsNothingChanges() {
    SettingValues given = SettingValues.NONE.with(Settings.STEPS, 7);
    RecipeChoice choice = choose(given, SMALL, files("wan2.1-t2v-1.3b-Q8_0.gguf"));
    assertThat(choice.settings()).isSameAs(given);
    assertThat(choice.notes()).isEmpty();
  }

  @Test
  void aFileNameShowsItAndItIsTold() {
    RecipeChoice choice =
        choose(SettingValues.NONE, SMALL, files("FastWan2.1_T2V_1.3B.safetensors"));
    assertThat(choice.settings().find(Settings.METHOD)).contains(SamplingMethod.LCM);
    assertThat(choice.settings().find(Settings.RECIPE)).contains("fastwan");
    assertThat(choice.notes())
        .containsExactly(
            "sampling recipe 'fastwan', because the file is called FastWan2.1_T2V_1.3B.safetensors:"
                + " sampling-method lcm, cfg-scale 1.0, sigmas 1,0.757,0.522; --recipe none would"
                + " leave it out");
  }

  @ParameterizedTest
  @CsvSource({
    "wan2.1-t2v-14b, Wan21_T2V_14B_lightx2v_cfg_step_distill.safetensors, lightx2v",
    "wan2.1-t2v-14b, wan2.1_t2v_14b_StepDistill/distill_model.safetensors, lightx2v",
    "wan2.2-t2v-a14b, Wan2.2-Lightning-high.safetensors, lightning-4",
    "wan2.2-t2v-a14b, wan2.2_lightning_8steps_low.safetensors, lightning-8",
    "wan2.2-t2v-a14b, wan22_lightx2v_high_noise.safetensors, lightx2v-2.2",
    "wan2.1-t2v-14b, Wan14BT2VFusioniX_fp16.safetensors, fusionix",
    "wan2.1-t2v-14b, wan14Bt2v_causvid.safetensors, causvid",
    "wan2.1-t2v-14b, AccVid_T2V_14B.safetensors, accvid",
    "wan2.2-ti2v-5b, FastWan2.2-TI2V-5B/transformer/diffusion_pytorch_model.safetensors,"
        + " fastwan-5b",
    "wan2.2-ti2v-5b, Wan2.2-TI2V-5B-Turbo.safetensors, turbo-5b",
    "wan2.1-t2v-1.3b, TurboWan2.1-T2V-1.3B-480P.pth, rcm",
    "wan2.1-t2v-14b, rCM_Wan2.1_14B.pt, rcm"
  })
  void namesOfPublishedFilesShowTheirRecipe(String model, String file, String recipe) {
    RecipeChoice choice =
        choose(SettingValues.NONE, ModelCatalog.standard().require(model), files(file));
    assertThat(choice.settings().find(Settings.RECIPE)).contains(recipe);
  }

  @Test
  void whatTheUserGivesWinsAndIsTold() {
    SettingValues given =
        SettingValues.NONE.with(Settings.STEPS, 8).with(Settings.GUIDANCE_SCALE, 2.0);
    RecipeChoice choice = choose(given, EXPERTS, files("wan2.2-lightning-high.safetensors"));
    SettingValues s = choice.settings();
    assertThat(s.find(Settings.STEPS)).contains(8);
    assertThat(s.find(Settings.FLOW_SHIFT)).contains(5.0);
    assertThat(s.find(Settings.GUIDANCE_SCALE)).contains(2.0);
    assertThat(s.find(Settings.HIGH_NOISE_GUIDANCE_SCALE)).isEmpty();
    assertThat(choice.notes().subList(1, 4))
        .containsExactlyInAnyOrder(
            "your own --steps 8 goes before the sampling recipe 'lightning-4', which has --steps 4",
            "your own --cfg-scale 2.0 goes before the sampling recipe 'lightning-4', which has"
                + " --cfg-scale 1.0",
            "your own --cfg-scale 2.0 goes before the sampling recipe 'lightning-4', which has"
                + " --high-noise-cfg-scale 1.0");
    assertThat(choice.notes()).hasSize(4);
  }

  @Test
  void stepsOfTheUserReplaceTheListAndAListReplacesAll() {
    RecipeChoice steps =
        choose(SettingValues.NONE.with(Settings.STEPS, 4), SMALL, files("fastwan.safetensors"));
    assertThat(steps.settings().find(Settings.SIGMAS)).isEmpty();
    assertThat(steps.notes().get(1)).contains("--steps 4 goes before").contains("--sigmas 1,0.757");
    RecipeChoice list =
        choose(
            SettingValues.NONE.with(Settings.SIGMAS, SigmaList.parse("1,0.5")),
            LARGE,
            files("lightx2v.safetensors"));
    assertThat(list.settings().find(Settings.STEPS)).contains(2);
    assertThat(list.settings().find(Settings.FLOW_SHIFT)).isEmpty();
    assertThat(list.notes()).hasSize(3);
    RecipeChoice same =
        choose(
            list.settings().with(Settings.SIGMAS, null).with(Settings.STEPS, null),
            LARGE,
            files("lightx2v.safetensors"));
    assertThat(same.notes()).as("values that are the recipe's own").isEmpty();
  }

  @Test
  void metadataShowsIt(@TempDir Path folder) throws IOException {
    Files.writeString(
        folder.resolve("mine.yaml"),
        """
        name: mine
        title: My own
        source: me
        models: [wan2.1-t2v-1.3b]
        settings: {steps: 6}
        signs: {metadata: {modelspec.title: "six-steps"}}
        """);
    ModelSigns signs =
        new ModelSigns(
            List.of(Path.of("a.safetensors")),
            List.of(),
            Map.of("modelspec.title", "Wan in Six Steps"),
            Set.of());
    RecipeChoice choice =
        RecipeChoice.of(RecipeBook.with(folder), SettingValues.NONE, SMALL, signs, List.of());
    assertThat(choice.settings().find(Settings.STEPS)).contains(6);
    assertThat(choice.notes().get(0))
        .startsWith(
            "sampling recipe 'mine', because the metadata 'modelspec.title' is 'Wan in Six Steps':"
                + " steps 6;");
  }

  @Test
  void noneLeavesItOut() {
    SettingValues none = SettingValues.NONE.with(Settings.RECIPE, "none");
    assertThat(choose(none, SMALL, files("fastwan.safetensors")).settings()).isSameAs(none);
    assertThat(choose(none, SMALL, files("self_forcing_dmd.pt")).notes()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "causalwan2.2.safetensors, causalwan, block by block",
    "self_forcing_dmd.pt, self-forcing, block by block",
    "AnyFlow-Wan2.1.safetensors, anyflow, two noise levels",
    "wan2.1_nvfp4.safetensors, nvfp4, 4-bit floats"
  })
  void modelsOfOtherNetworksAreRefusedByName(String file, String name, String reason) {
    assertThatThrownBy(() -> choose(SettingValues.NONE, SMALL, files(file)))
        .isInstanceOf(RequestException.class)
        .hasMessageStartingWith("'" + name + "' (")
        .hasMessageContaining("does not run here: ")
        .hasMessageContaining(reason)
        .hasMessageEndingWith(
            "(the file is called " + file + "); if the name misleads, say --recipe" + " none");
    SettingValues named = SettingValues.NONE.with(Settings.RECIPE, name);
    assertThatThrownBy(() -> choose(named, SMALL, files("a.gguf"))).hasMessageContaining(reason);
  }

  @Test
  void aTensorShowsSparseLinearAttention() {
    ModelSigns signs =
        new ModelSigns(
            List.of(Path.of("TurboWan2.1.pth")),
            List.of(),
            Map.of(),
            Set.of("blocks.0.self_attn.attn_op.local_attn.proj_l.weight", "head.head.weight"));
    assertThatThrownBy(() -> choose(SettingValues.NONE, SMALL, signs))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("'sla'")
        .hasMessageContaining("has a tensor 'blocks.0.self_attn.attn_op.local_attn.proj_l.weight'");
  }

  @Test
  void aRecipeOfAnotherModelIsRefusedWithItsSettings() {
    SettingValues named = SettingValues.NONE.with(Settings.RECIPE, "fastwan-5b");
    assertThatThrownBy(() -> choose(named, SMALL, files("a.gguf")))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("is for wan2.2-ti2v-5b, and this model is wan2.1-t2v-1.3b")
        .hasMessageContaining("sigmas 1,0.939672,0.845207");
  }

  private static SettingValues with(AdapterFile... adapters) {
    return SettingValues.NONE.with(Settings.LORA, AdapterList.of(adapters));
  }

  private static ModelSigns signs(AdapterFile... adapters) {
    return new ModelSigns(
        List.of(Path.of("/models/wan2.1.gguf")),
        Arrays.stream(adapters).map(AdapterFile::file).toList(),
        Map.of(),
        Set.of());
  }

  @Test
  void adaptersMustBeGivenUnlessTheyAreMergedIn() {
    SettingValues named = SettingValues.NONE.with(Settings.RECIPE, "causvid-lora");
    assertThatThrownBy(() -> choose(named, LARGE, files("wan2.1-t2v.gguf")))
        .isInstanceOf(RequestException.class)
        .hasMessage(
            "sampling recipe 'causvid-lora' needs the adapter *causvid* (strength 0.6), which was"
                + " not given; give it, or a transformer that it was merged into");
    assertThat(choose(named, LARGE, files("wan_causvid_lora_merged.gguf")).notes()).isEmpty();
    AdapterFile adapter = new AdapterFile(Path.of("/l/Wan21_CausVid_14B_lora.safetensors"), 0.6);
    RecipeChoice given = choose(with(adapter), LARGE, signs(adapter));
    assertThat(given.settings().find(Settings.STEPS)).contains(8);
    assertThat(given.settings().find(Settings.LORA)).contains(AdapterList.of(adapter));
    assertThat(given.notes())
        .singleElement()
        .asString()
        .contains("because the adapter is called Wan21_CausVid_14B_lora.safetensors");
    AdapterFile full = new AdapterFile(adapter.file(), 1);
    assertThat(choose(with(full), LARGE, signs(full)).notes())
        .contains(
            "the strength 1.0 of /l/Wan21_CausVid_14B_lora.safetensors goes before the sampling"
                + " recipe 'causvid-lora', which has 0.6");
  }

  @Test
  void anAdapterAtHandIsBroughtAlong() {
    ModelDefaults demo = ModelCatalog.standard().require(ModelCatalog.DEMO);
    Path atHand = Path.of("/demo/tiny-wan-4step-lora.safetensors");
    RecipeChoice choice =
        RecipeChoice.of(
            RecipeBook.standard(),
            SettingValues.NONE.with(Settings.RECIPE, "fast"),
            demo,
            ModelSigns.NONE,
            List.of(atHand));
    assertThat(choice.settings().find(Settings.LORA))
        .contains(AdapterList.of(new AdapterFile(atHand, 1)));
    assertThat(choice.notes())
        .containsExactly("sampling recipe 'fast' brings its adapter " + atHand);
  }

  @Test
  void adaptersGoWhereTheRecipeHasThem() {
    AdapterFile high = new AdapterFile(Path.of("lightning_high.safetensors"), 1);
    AdapterFile low = new AdapterFile(Path.of("lightning_low.safetensors"), 0.8);
    RecipeChoice lightning = choose(with(high, low), EXPERTS, signs(high, low));
    assertThat(lightning.settings().find(Settings.LORA))
        .contains(
            AdapterList.of(
                high.with(AdapterScope.of(AdapterScope.Expert.HIGH)),
                low.with(AdapterScope.of(AdapterScope.Expert.LOW))));
    assertThat(lightning.notes())
        .anySatisfy(
            note ->
                assertThat(note)
                    .isEqualTo(
                        "sampling recipe 'lightning-4' adds lightning_high.safetensors as"
                            + " *lightning*high* (strength 1.0, high-noise expert)"));
    RecipeChoice phases =
        choose(with(high, low).with(Settings.RECIPE, "three-phases"), EXPERTS, signs(high, low));
    assertThat(phases.settings().find(Settings.LORA))
        .contains(
            AdapterList.of(
                high.with(new AdapterScope(AdapterScope.Expert.HIGH, 0.965)),
                low.with(AdapterScope.of(AdapterScope.Expert.LOW))));
    AdapterFile own = high.with(AdapterScope.of(AdapterScope.Expert.LOW));
    RecipeChoice mine = choose(with(own, low), EXPERTS, signs(own, low));
    assertThat(mine.settings().find(Settings.LORA).orElseThrow().files().get(0)).isEqualTo(own);
    assertThat(mine.notes())
        .anySatisfy(
            note ->
                assertThat(note).contains("where you add lightning_high.safetensors goes before"));
  }

  @Test
  void severalSignsAreAQuestion() {
    assertThatThrownBy(
            () -> choose(SettingValues.NONE, LARGE, files("fusionix-causvid.safetensors")))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("'causvid' (the file is called")
        .hasMessageContaining("'fusionix' (")
        .hasMessageEndingWith("; name one, or none, with --recipe");
  }
}
