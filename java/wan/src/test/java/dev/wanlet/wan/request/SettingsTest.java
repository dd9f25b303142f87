// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.request.Setting.Section;
import dev.wanlet.wan.sampling.NoiseScheduler;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.wan.sampling.SigmaList;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.lora.AdapterFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is made of the table of settings. */
class SettingsTest {
  private static final ModelDefaults ONE = ModelCatalog.standard().require("wan2.1-t2v-1.3b");
  private static final ModelDefaults TWO = ModelCatalog.standard().require("wan2.2-t2v-a14b");

  @TempDir private Path folder;
  private Path clip;

  @BeforeEach
  void nameClip() {
    clip = folder.resolve("fox.mp4");
  }

  private static List<String> listed(Section section) {
    return Settings.TABLE.listed(section).stream().map(Setting::name).toList();
  }

  private GenerationRequest.Builder fox(SettingTable table) {
    return new GenerationRequest.Builder(table)
        .prompt("a \"red\" 狐狸")
        .negativePrompt("")
        .seed(7)
        .size(832, 480)
        .output(clip);
  }

  private ModelFiles files(ModelDefaults model, Set<ModelPart> fromDemo) {
    Optional<Path> second =
        model.experts() == 2 ? Optional.of(folder.resolve("./high.gguf")) : Optional.empty();
    return new ModelFiles(
        model,
        folder.resolve("low.gguf"),
        second,
        folder.resolve("vae.pth"),
        folder.resolve("t5.gguf"),
        Optional.empty(),
        folder.resolve("spiece.model"),
        fromDemo);
  }

  @Test
  void whatIsStoredIsTheSameByteForByte() {
    GenerationRequest request = fox(Settings.TABLE).build(TWO);
    assertThat(SavedSettings.store(request, files(TWO, Set.of(ModelPart.TOKENIZER))).toJson())
        .isEqualTo(
            ("{'schema':'wanlet-video/1','settings':{'diffusion-model':'DIR/low.gguf',"
                    + "'high-noise-diffusion-model':'DIR/high.gguf','vae':'DIR/vae.pth',"
                    + "'text-encoder':'DIR/t5.gguf','prompt':'a \\'red\\' 狐狸',"
                    + "'negative-prompt':'','seed':7,'width':832,'height':480,'frames':81,"
                    + "'fps':16.0,'sampling-method':'unipc','steps':40,'flow-shift':12.0,"
                    + "'cfg-scale':3.0,'high-noise-cfg-scale':4.0,'moe-boundary':0.875,"
                    + "'precision':'auto'},'provenance':{'model':'wan2.2-t2v-a14b'}}")
                .replace('\'', '"')
                .replace("DIR", folder.toString()));
  }

  @Test
  void theHelpListsEverySettingOnce() {
    assertThat(listed(Section.CLIP))
        .containsExactly(
            "prompt",
            "negative-prompt",
            "size",
            "width",
            "height",
            "frames",
            "fps",
            "seed",
            "init-img",
            "end-img",
            "fit",
            "control-video",
            "control-mask",
            "mask-fill",
            "expand",
            "extend",
            "extend-frames",
            "ref-image",
            "control-strength",
            "init-video",
            "strength",
            "codec",
            "crf",
            "pixel-format");
    assertThat(listed(Section.SAMPLING))
        .containsExactly(
            "recipe",
            "steps",
            "sampling-method",
            "cfg-scale",
            "high-noise-cfg-scale",
            "guidance-interval",
            "guidance-rule",
            "zero-init-steps",
            "apg-momentum",
            "apg-norm",
            "apg-eta",
            "slg-blocks",
            "slg-interval",
            "nag-scale",
            "nag-tau",
            "nag-alpha",
            "moe-boundary",
            "flow-shift",
            "sigmas",
            "scheduler",
            "decoder",
            "cache",
            "cache-threshold",
            "cache-table");
    assertThat(listed(Section.COMPUTE))
        .containsExactly("device", "threads", "vram", "ram", "precision", "max-resident");
    assertThat(listed(Section.MODEL)).hasSize(9).endsWith("lora", "tae");
    assertThat(Settings.TABLE.settings()).hasSize(63);
  }

  @Test
  void aFlagBelongsToOneSetting() {
    Setting<Integer> other =
        Setting.of("speed", SettingType.INTEGER, Section.CLIP).alias("-s").help("N", "?").build();
    assertThatThrownBy(() -> Settings.TABLE.with(other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-s");
  }

  @Test
  void aSizeStandsForWidthAndHeight() {
    GenerationRequest request =
        fox(Settings.TABLE)
            .set(Settings.WIDTH, null)
            .set(Settings.HEIGHT, null)
            .set(Settings.SIZE, "640*352")
            .build(ONE);
    assertThat(request.clip().size()).hasToString("640x352");
    VideoMetadata stored = SavedSettings.store(request, files(ONE, Set.of()));
    assertThat(stored.setting("width")).contains(640L);
    assertThat(stored.setting("size")).isEmpty();
    assertThatThrownBy(() -> fox(Settings.TABLE).set(Settings.SIZE, "640x480").build(ONE))
        .isInstanceOf(RequestException.class)
        .hasMessage("--width 832 contradicts --size 640x480; give one of them");
  }

  @Test
  void aListOfNoiseLevelsStandsAboveStepsAndShift() throws IOException {
    GenerationRequest.Builder builder =
        fox(Settings.TABLE).steps(20).flowShift(3).set(Settings.SIGMAS, SigmaList.parse("1,0.5"));
    GenerationRequest request = builder.build(ONE);
    assertThat(request.sampling().schedule().sigmas()).containsExactly(1f, 0.5f, 0f);
    assertThat(request.find(Settings.STEPS)).contains(2);
    assertThat(builder.notes(ONE))
        .containsExactly(
            "--sigmas lists the noise levels of 2 steps; without effect: --steps 20, --flow-shift"
                + " 3.0");
    VideoMetadata stored = SavedSettings.store(request, files(ONE, Set.of()));
    assertThat(stored.toCommandLine()).contains("--steps 2 ").contains(" --sigmas 1,0.5 ");
    GenerationRequest again =
        new SavedSettings(clip, stored).request(ONE, SettingValues.NONE, clip);
    assertThat(again.sampling()).isEqualTo(request.sampling());
    assertThat(fox(Settings.TABLE).steps(20).notes(ONE)).isEmpty();
  }

  @Test
  void schedulersSpaceTheLevels() {
    GenerationRequest request =
        fox(Settings.TABLE)
            .steps(7)
            .flowShift(3)
            .set(Settings.SCHEDULER, NoiseScheduler.BETA)
            .build(ONE);
    assertThat(request.sampling().schedule()).isEqualTo(NoiseScheduler.BETA.schedule(7, 3));
    assertThatThrownBy(
            () ->
                fox(Settings.TABLE)
                    .method(SamplingMethod.LCM)
                    .set(Settings.SCHEDULER, NoiseScheduler.KARRAS)
                    .build(ONE))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("scheduler karras does not go with lcm: few-step models");
    assertThatThrownBy(
            () ->
                fox(Settings.TABLE)
                    .steps(900)
                    .set(Settings.SCHEDULER, NoiseScheduler.BETA)
                    .build(ONE))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("use fewer steps");
  }

  @Test
  void fewStepMethodsTakeFourSteps() {
    GenerationRequest.Builder rcm = fox(Settings.TABLE).method(SamplingMethod.RCM).flowShift(3);
    assertThat(rcm.build(ONE).sampling().steps()).isEqualTo(4);
    assertThat(rcm.notes(ONE))
        .containsExactly("rcm has noise levels of its own: --flow-shift 3.0 has no effect");
    assertThatThrownBy(() -> rcm.steps(5).build(ONE))
        .isInstanceOf(RequestException.class)
        .hasMessage("rcm: 5 sampling steps; expected 1 to 4, or a list of noise levels");
  }

  @Test
  void savedSettingsMakeTheSameRequest() throws IOException {
    for (ModelDefaults model : List.of(ONE, TWO)) {
      GenerationRequest first =
          fox(Settings.TABLE).set(Settings.PRECISION, Precision.F32).fps(12.5).build(model);
      VideoMetadata stored = SavedSettings.store(first, files(model, Set.of()));
      SavedSettings saved = new SavedSettings(clip, stored);
      SettingValues compute = SettingValues.NONE.with(Settings.VRAM, ByteSize.parse("6GiB"));
      GenerationRequest second = saved.request(model, compute, clip);
      assertThat(second.clip()).isEqualTo(first.clip());
      assertThat(second.sampling()).isEqualTo(first.sampling());
      assertThat(second.compute().deviceBudgetBytes()).hasValue(6L << 30);
      assertThat(second.compute().precision()).isEqualTo(Precision.F32);
      assertThat(SavedSettings.store(second, files(model, Set.of()))).isEqualTo(stored);
      assertThat(saved.model().part(ModelPart.VAE)).contains(folder.resolve("vae.pth"));
    }
  }

  @Test
  void damagedSavedSettingsAreNamed() {
    VideoMetadata stored =
        SavedSettings.store(fox(Settings.TABLE).build(ONE), files(ONE, Set.of()));
    VideoMetadata.Builder lacks = VideoMetadata.builder();
    VideoMetadata.Builder nonsense = VideoMetadata.builder();
    stored
        .settings()
        .forEach(
            (name, value) -> {
              lacks.put(name, name.equals("steps") ? null : value);
              nonsense.put(name, name.equals("steps") ? "few" : value);
            });
    assertThatThrownBy(() -> resumed(lacks.build()))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("damaged saved run: it lacks the setting 'steps'");
    assertThatThrownBy(() -> resumed(nonsense.build()))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("damaged saved run: setting 'steps' is 'few'");
  }

  private GenerationRequest resumed(VideoMetadata stored) throws IOException {
    return new SavedSettings(clip, stored).request(ONE, SettingValues.NONE, clip);
  }

  @Test
  void aSettingThatIsGivenOftenIsStoredAsAList() throws IOException {
    AdapterFile half = new AdapterFile(Path.of("a.safetensors"), 0.5);
    AdapterFile whole = new AdapterFile(folder.resolve("b:2").toAbsolutePath(), 1);
    GenerationRequest request = fox(Settings.TABLE).adapters(half, whole).build(ONE);
    assertThat(request.adapters()).containsExactly(half, whole);
    VideoMetadata stored = SavedSettings.store(request, files(ONE, Set.of()));
    String first = Path.of("a.safetensors").toAbsolutePath() + ":0.5";
    assertThat(stored.setting("lora")).contains(List.of(first, whole.file() + ":1"));
    assertThat(stored.toCommandLine())
        .contains(" --lora " + first + " --lora " + whole.file() + ":1 ");
    VideoMetadata read = VideoMetadata.fromJson(stored.toJson());
    assertThat(new SavedSettings(clip, read).request(ONE, SettingValues.NONE, clip).adapters())
        .containsExactly(new AdapterFile(half.file().toAbsolutePath(), 0.5), whole);
    VideoMetadata damaged =
        VideoMetadata.fromJson(stored.toJson().replace("a.safetensors:0.5", "a.safetensors:nan"));
    assertThatThrownBy(
            () -> new SavedSettings(clip, damaged).request(ONE, SettingValues.NONE, clip))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContainingAll("damaged saved run", "'lora'");
  }

  /** All that it takes to add a setting is its entry. */
  @Test
  void aNewSettingIsStoredShownAndResumed() throws IOException {
    Setting<Integer> jitter =
        Setting.of("jitter", SettingType.INTEGER, Section.COMPUTE)
            .help("PIXELS", "How far frames are moved.")
            .check(
                (d, pixels) -> {
                  if (pixels > d.get(Settings.WIDTH)) {
                    throw new RequestException("jitter " + pixels + " is wider than the frame");
                  }
                })
            .build();
    SettingTable table = Settings.TABLE.with(jitter);
    GenerationRequest request = fox(table).set(jitter, 3).build(ONE);
    assertThat(request.find(jitter)).contains(3);
    assertThatThrownBy(() -> fox(table).set(jitter, 833).build(ONE))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("jitter 833");

    VideoMetadata stored = SavedSettings.store(request, files(ONE, Set.of()));
    assertThat(stored.toJson()).contains("\"precision\":\"auto\",\"jitter\":3}");
    assertThat(stored.toCommandLine()).endsWith("--precision auto --jitter 3");

    SavedSettings saved = new SavedSettings(clip, stored, table);
    assertThat(saved.request(ONE, SettingValues.NONE, clip).find(jitter)).contains(3);
    saved.requireSame(SettingValues.NONE.with(jitter, 3));
    assertThatThrownBy(() -> saved.requireSame(SettingValues.NONE.with(jitter, 4)))
        .isInstanceOf(RequestException.class)
        .hasMessage("--jitter would change the clip: the run was started with 3; leave it out");

    VideoMetadata older = SavedSettings.store(fox(Settings.TABLE).build(ONE), files(ONE, Set.of()));
    SavedSettings before = new SavedSettings(clip, older, table);
    assertThat(before.request(ONE, SettingValues.NONE, clip).find(jitter)).isEmpty();
    assertThatThrownBy(() -> before.requireSame(SettingValues.NONE.with(jitter, 4)))
        .hasMessageContaining("started without it");
  }

  @Test
  void aClipTellsFilesByNameAndTheRestAsItIs() {
    GenerationRequest request =
        fox(Settings.TABLE)
            .adapters(
                new AdapterFile(folder.resolve("style.safetensors"), 0.5),
                AdapterFile.parse(folder.resolve("low") + ":1:low:below=0.9"))
            .build(TWO);
    VideoMetadata stored =
        SavedSettings.store(request, files(TWO, Set.of(ModelPart.TOKENIZER)))
            .withProvenance("lora-sha256", List.of("a", "b"));
    VideoMetadata told = SavedSettings.told(stored);
    assertThat(stored.toJson()).contains(folder.toString());
    assertThat(told.toJson()).doesNotContain(folder.toString(), folder.getFileName().toString());
    assertThat(told.settings().keySet()).containsExactlyElementsOf(stored.settings().keySet());
    assertThat(told.setting("diffusion-model")).contains("low.gguf");
    assertThat(told.setting("lora"))
        .contains(List.of("style.safetensors:0.5", "low:1:low:below=0.9"));
    assertThat(told.setting("prompt")).isEqualTo(stored.setting("prompt"));
    assertThat(told.provenance()).isEqualTo(stored.provenance());
    assertThat(SavedSettings.told(told)).isEqualTo(told);
  }
}
