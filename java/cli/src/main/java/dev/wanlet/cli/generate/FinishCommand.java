// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.options.ClipFiles;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.cli.options.RecipeFinder;
import dev.wanlet.profiles.recipes.SamplingRecipe;
import dev.wanlet.profiles.select.Aspect;
import dev.wanlet.profiles.select.Profiles;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.media.PngSequence;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.request.AdapterList;
import dev.wanlet.wan.request.Decoder;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.lora.AdapterFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code wanlet finish}: makes a draft anew in full. Confined to one thread. */
@Command(
    name = "finish",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    sortOptions = false,
    description =
        "Make a draft anew at full quality: prompts, seed, model, adapters and sampling as its file"
            + " says, but for a recipe and what belongs to it; size, length, steps and decoder as 'generate --profile quality' chooses them,"
            + " in the draft's shape. What you give yourself wins.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet finish fox.mp4",
      "  wanlet finish fox.mp4 --from-draft --size 832x480",
      "  wanlet finish fox.mp4 --profile balanced --duration 3 -o fox-final.webm"
    })
public final class FinishCommand extends GenerateCommand {
  private static final String FROM_DRAFT = "--from-draft";

  /** What a draft makes smaller, shorter or quicker. */
  private static final Set<Setting<?>> CHOSEN_ANEW =
      Set.of(Settings.WIDTH, Settings.HEIGHT, Settings.FRAMES, Settings.STEPS, Settings.DECODER);

  /** What a draft itself was made over from. */
  private static final Set<Setting<?>> STARTS = Set.of(Settings.INIT_IMG, Settings.INIT_VIDEO);

  /** What a sampling recipe may have brought: a draft's is one of few steps. */
  private static final List<Setting<?>> OF_RECIPES =
      List.of(
          Settings.RECIPE,
          Settings.METHOD,
          Settings.SIGMAS,
          Settings.SCHEDULER,
          Settings.FLOW_SHIFT,
          Settings.GUIDANCE_SCALE,
          Settings.HIGH_NOISE_GUIDANCE_SCALE,
          Settings.GUIDANCE_INTERVAL,
          Settings.EXPERT_BOUNDARY);

  @Parameters(
      arity = "1",
      paramLabel = "CLIP",
      description = "The draft: a clip with its settings inside, as every clip of Wanlet has them.")
  private Path draft;

  @Option(
      names = FROM_DRAFT,
      description =
          "Make the clip over from the draft's own frames, enlarged, instead of from noise alone, so"
              + " that it keeps what the draft shows where; as long as the draft unless you say"
              + " --frames or --duration. --strength says how much is made anew (default: "
              + DraftStart.STRENGTH
              + ").")
  private boolean fromDraft;

  @Override
  SettingValues given() throws IOException {
    Path file = PngSequence.firstFile(draft);
    VideoMetadata stored = VideoMetadata.read(file);
    if (stored.settings().isEmpty()) {
      throw new WeightFormatException(
          file, "this clip holds no settings of Wanlet; make it anew with wanlet generate");
    }
    SavedSettings settings = new SavedSettings(file, stored);
    SettingValues size = settings.values(CHOSEN_ANEW::contains);
    int width = size.find(Settings.WIDTH).orElseThrow(() -> lacks(file, Settings.WIDTH));
    int height = size.find(Settings.HEIGHT).orElseThrow(() -> lacks(file, Settings.HEIGHT));
    FrameSize drafted = new FrameSize(width, height);
    SettingValues own = super.given();
    SettingValues values =
        located(
            ClipFiles.of(file, stored),
            withoutRecipe(settings.values(setting -> !CHOSEN_ANEW.contains(setting))),
            own);
    ModelDefaults model = ModelFinder.resolve(values.with(own).model()).model();
    // The shift goes with the size, unless somebody chose it.
    if (values.find(Settings.FLOW_SHIFT).filter(s -> s == model.flowShift(drafted)).isPresent()) {
      values = values.with(Settings.FLOW_SHIFT, null);
    }
    if (fromDraft) {
      int frames = size.find(Settings.FRAMES).orElseThrow(() -> lacks(file, Settings.FRAMES));
      DraftStart start =
          new DraftStart(FROM_DRAFT, file, frames, model, own, wishes().hasDuration());
      values = start.settings(values, this::tell);
    }
    wishes().unless(Profiles.FINEST, Aspect.of(drafted));
    return values.with(own);
  }

  /** The draft's files where they lie; not those that the clip in full does without. */
  private SettingValues located(ClipFiles files, SettingValues drafted, SettingValues own)
      throws IOException {
    SettingValues values = drafted;
    Set<Setting<?>> except = new HashSet<>(fromDraft ? STARTS : Set.of());
    for (Setting<?> setting : Settings.TABLE.settings()) {
      boolean otherModel =
          setting.scope() == Setting.Scope.MODEL_FILE && own.find(Settings.MODEL).isPresent();
      if (otherModel) {
        values = values.with(setting, null);
      }
      if (own.find(setting).isPresent()) {
        except.add(setting);
      }
    }
    boolean decodes = own.find(Settings.DECODER).filter(d -> d == Decoder.TAE).isPresent();
    if (!decodes && !except.contains(Settings.TAE) && !files.has(values, Settings.TAE)) {
      tell("the draft's small decoder is not found, so previews do without it");
      values = values.with(Settings.TAE, null);
    }
    return files.located(values, except);
  }

  /** A draft's recipe goes, and with it the adapters that are its own. */
  private SettingValues withoutRecipe(SettingValues drafted) throws IOException {
    Optional<String> name = drafted.find(Settings.RECIPE);
    if (name.isEmpty()) {
      return drafted;
    }
    SettingValues values = drafted;
    for (Setting<?> setting : OF_RECIPES) {
      values = values.with(setting, null);
    }
    Optional<SamplingRecipe> recipe = RecipeFinder.find(name.get());
    List<AdapterFile> all = AdapterList.of(drafted);
    // Of a recipe that is gone nobody knows which adapters were its own.
    List<AdapterFile> kept =
        recipe.isPresent()
            ? all.stream().filter(a -> !recipe.get().brings(a.file())).toList()
            : List.of();
    List<AdapterFile> dropped = all.stream().filter(a -> !kept.contains(a)).toList();
    tell(
        "the draft's recipe "
            + Printable.name(name.get())
            + " is left out, with its sampling"
            + (dropped.isEmpty() ? "" : " and " + names(dropped))
            + (kept.isEmpty()
                ? ""
                : "; your own " + names(kept) + (kept.size() == 1 ? " stays" : " stay"))
            + (recipe.isPresent() || all.isEmpty()
                ? ""
                : "; it is not known here, so give adapters of your own again"));
    return values.with(Settings.LORA, kept.isEmpty() ? null : new AdapterList(kept));
  }

  private static String names(List<AdapterFile> adapters) {
    return adapters.stream()
        .map(a -> Printable.text(a.file().getFileName()))
        .collect(Collectors.joining(", ", adapters.size() == 1 ? "adapter " : "adapters ", ""));
  }

  private static WeightFormatException lacks(Path file, Setting<?> setting) {
    return new WeightFormatException(
        file, "damaged settings: the setting '" + setting.name() + "' is missing");
  }

  @Override
  Path unnamed(long seed) {
    String name = draft.getFileName().toString().replaceAll("%0?\\d*d", "");
    int dot = name.lastIndexOf('.');
    return draft.resolveSibling(
        dot < 0 ? name + "-final.mp4" : name.substring(0, dot) + "-final" + name.substring(dot));
  }
}
