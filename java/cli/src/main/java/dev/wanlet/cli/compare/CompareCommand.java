// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Interruption;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.generate.ClipMaker;
import dev.wanlet.cli.options.IdleDecoder;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.cli.options.SettingFlags;
import dev.wanlet.files.WriteException;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.pipeline.Cancellation;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.Setting.Section;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code wanlet compare}: variants side by side, by time and measures. Confined to one thread. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    sortOptions = false,
    description = {
      "Make the same clips with several profiles or sampling recipes, measure time, memory and"
          + " quality, and write report.json, report.csv and report.html, which needs no network.",
      "Called again, it keeps what is done and goes on."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet compare -p \"a red circle moving left on a black background\" -o circles",
      "  wanlet compare --profile draft --profile balanced -p \"a red fox in fresh snow\" \\",
      "      --model Wan2.1-T2V-1.3B --seed 1 --seed 2 -o foxes",
      "  wanlet compare --profile balanced -p \"a red fox in fresh snow\" --model A14B-Q4_K_M \\",
      "      --reference-diffusion-model low-f16.gguf \\",
      "      --reference-high-noise-diffusion-model high-f16.gguf -o q4"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:the report is written",
      "2:bad arguments, or the folder cannot be written",
      "3:a file of the model is missing or damaged",
      "4:a clip does not fit the memory budget",
      "5:the device is missing or failed",
      "130:interrupted (Ctrl-C); the same command goes on"
    })
public final class CompareCommand implements Callable<Integer> {
  /** What is varied has flags of its own here. */
  private static final List<Setting<?>> VARIED =
      List.of(Settings.PROMPT, Settings.SEED, Settings.RECIPE);

  private static final long SEED = 42;

  /** Where references go, so that no name of a variant can be theirs. */
  static final String REFERENCES = "references";

  @Spec private CommandSpec spec;

  @Option(
      names = {"-p", "--prompt"},
      required = true,
      paramLabel = "TEXT",
      description = "What the clips should show; may be given often.")
  private List<String> prompts;

  @Option(
      names = "--profile",
      paramLabel = "NAME",
      description =
          "A profile to compare; may be given often (default: draft, balanced and quality, unless"
              + " recipes are given).")
  private List<String> profiles = new ArrayList<>();

  @Option(
      names = "--recipe",
      paramLabel = "NAME",
      description = "A sampling recipe to compare; may be given often.")
  private List<String> recipes = new ArrayList<>();

  @Option(
      names = {"-s", "--seed"},
      paramLabel = "NUMBER",
      description =
          "A seed; may be given often; -1: a random one, the same for all clips and for later calls"
              + " (default: 42).")
  private List<Long> seeds = new ArrayList<>();

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "FOLDER",
      description = "Where clips and reports go; made if missing.")
  private Path folder;

  @Mixin(name = "References")
  private References references = new References();

  @Mixin(name = "Clip")
  private CommandSpec clip = fixed(Section.CLIP);

  @Mixin(name = "Model")
  private CommandSpec model = fixed(Section.MODEL);

  @Mixin(name = "Sampling")
  private CommandSpec sampling = fixed(Section.SAMPLING);

  @Mixin(name = "Device and memory")
  private CommandSpec compute = fixed(Section.COMPUTE);

  private static CommandSpec fixed(Section section) {
    return SettingFlags.of(
        Settings.TABLE.listed(section).stream().filter(s -> !VARIED.contains(s)).toList());
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    makeFolder(folder);
    ComparisonPlan plan = plan();
    Cancellation cancellation = new Cancellation();
    Interruption interruption = Interruption.onInterrupt(cancellation::cancel);
    ComparisonReport report;
    try (interruption) {
      report = new ComparisonRun(plan, folder, cancellation, err).report();
    }
    KeptFacts.write(folder.resolve("report.json"), Json.text(report.facts()) + "\n");
    KeptFacts.write(folder.resolve("report.csv"), report.csv());
    KeptFacts.write(folder.resolve("report.html"), new ReportPage(report).html());
    spec.commandLine().getOut().println(folder.resolve("report.html"));
    spec.commandLine().getOut().flush();
    return ExitCode.OK;
  }

  private ComparisonPlan plan() throws IOException {
    SettingValues given = SettingFlags.given(clip, model, sampling, compute);
    ModelFiles files = ModelFinder.resolve(given.model());
    IdleDecoder.note(given, files.model().transformer().outChannels(), false)
        .ifPresent(note -> spec.commandLine().getErr().println("wanlet: " + note));
    boolean held = references.areWanted(ModelCatalog.isDemo(files.model().id()));
    ModelFiles precise = held ? ModelFinder.resolve(references.of(given).model()) : files;
    References.requireSameModel(files, precise);
    if (held) {
      makeFolder(folder.resolve(REFERENCES));
    }
    Map<Variant, SettingValues> chosen = chosen(given);
    List<Wanted> clips = new ArrayList<>();
    List<Wanted> own = new ArrayList<>();
    List<String> texts = distinct(prompts);
    List<Long> numbers = seeds.isEmpty() ? List.of(SEED) : seeds();
    for (int p = 0; p < texts.size(); p++) {
      for (long seed : numbers) {
        for (Variant variant : chosen.keySet()) {
          SettingValues values =
              chosen.get(variant).with(Settings.PROMPT, texts.get(p)).with(Settings.SEED, seed);
          String title = variant.name() + ", prompt " + (p + 1) + ", seed " + seed;
          String file = variant.fileName(p + 1, seed) + ".webm";
          clips.add(wanted(title, variant, folder.resolve(file), files, values));
          if (held) {
            Path to = folder.resolve(REFERENCES).resolve(file);
            own.add(wanted("reference of " + title, variant, to, precise, references.of(values)));
          }
        }
      }
    }
    return held ? ComparisonPlan.with(clips, own) : new ComparisonPlan(clips, Map.of());
  }

  /** The seeds that were given, each once; the same one for all clips where any may be drawn. */
  private List<Long> seeds() throws IOException {
    List<Long> numbers = new ArrayList<>();
    for (long seed : seeds) {
      numbers.add(
          seed == Settings.RANDOM_SEED ? DrawnSeed.of(folder, spec.commandLine().getErr()) : seed);
    }
    return distinct(numbers);
  }

  /**
   * The settings of each variant, in the order in which they were given; what fits the longest
   * prompt fits all of them.
   */
  private Map<Variant, SettingValues> chosen(SettingValues given) throws IOException {
    List<String> names =
        profiles.isEmpty() && recipes.isEmpty()
            ? List.of("draft", "balanced", "quality")
            : profiles;
    List<Variant> variants = Variant.of(distinct(names), distinct(recipes));
    if (variants.stream().map(Variant::fileName).distinct().count() < variants.size()) {
      throw new ParameterException(
          spec.commandLine(),
          "two variants whose names differ only in case or signs would write to the same files;"
              + " rename a profile or recipe");
    }
    String longest = prompts.stream().max(Comparator.comparingInt(String::length)).orElseThrow();
    SettingValues prompted = given.with(Settings.PROMPT, longest);
    Map<Variant, SettingValues> chosen = new LinkedHashMap<>();
    for (Variant variant : variants) {
      Map<String, Object> key = key(variant);
      key.put("prompt", longest);
      Path kept = folder.resolve(variant.fileName() + ".settings.json");
      PrintWriter err = spec.commandLine().getErr();
      chosen.put(variant, VariantSettings.of(variant, prompted, kept, Json.line(key), err));
    }
    return chosen;
  }

  private Wanted wanted(
      String title, Variant variant, Path file, ModelFiles files, SettingValues values)
      throws IOException {
    ClipMaker maker = ClipMaker.of(files, values, file);
    Map<String, Object> key = key(variant);
    key.put("decided", maker.decided());
    key.put("inputs", maker.inputs().versions());
    String prompt = values.find(Settings.PROMPT).orElseThrow();
    return new Wanted(title, variant.name(), prompt, file, Json.line(key), maker);
  }

  /** All that the settings of a variant are chosen by. */
  private Map<String, Object> key(Variant variant) {
    Map<String, Object> key = new LinkedHashMap<>();
    key.put("version", VersionProvider.version());
    key.put("profile", variant.profile());
    key.put("recipe", variant.recipe());
    for (CommandSpec mixin : List.of(clip, model, sampling, compute)) {
      for (OptionSpec option : mixin.options()) {
        if (option.getValue() != null) {
          key.put(option.longestName(), String.valueOf(option.<Object>getValue()));
        }
      }
    }
    return key;
  }

  private static void makeFolder(Path folder) throws WriteException {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw WriteException.of(folder, e, 0);
    }
  }

  private static <T> List<T> distinct(List<T> list) {
    return list.stream().distinct().toList();
  }
}
