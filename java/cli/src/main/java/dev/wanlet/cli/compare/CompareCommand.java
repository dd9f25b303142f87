// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Interruption;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.generate.ClipMaker;
import dev.wanlet.cli.options.SettingFlags;
import dev.wanlet.wan.pipeline.Cancellation;
import dev.wanlet.wan.quality.ShapeScore;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.Setting.Section;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
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
      "      --model Wan2.1-T2V-1.3B --seed 1 --seed 2 -o foxes"
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
      description = "A seed; may be given often (default: 42).")
  private List<Long> seeds = new ArrayList<>();

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "FOLDER",
      description = "Where clips and reports go; made if missing.")
  private Path folder;

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
    List<String> names =
        profiles.isEmpty() && recipes.isEmpty()
            ? List.of("draft", "balanced", "quality")
            : profiles;
    List<Variant> variants = Variant.of(distinct(names), distinct(recipes));
    List<Long> all = seeds.isEmpty() ? List.of(SEED) : distinct(seeds);
    List<String> texts = distinct(prompts);
    Files.createDirectories(folder);
    SettingValues given = SettingFlags.given(clip, model, sampling, compute);
    List<ComparedClip> clips = new ArrayList<>();
    Cancellation cancellation = new Cancellation();
    int total = variants.size() * texts.size() * all.size();
    Interruption interruption = Interruption.onInterrupt(cancellation::cancel);
    try (interruption) {
      for (int p = 0; p < texts.size(); p++) {
        for (long seed : all) {
          for (Variant variant : variants) {
            err.printf(
                "wanlet: clip %d of %d: %s, prompt %d, seed %d%n",
                clips.size() + 1, total, variant.name(), p + 1, seed);
            err.flush();
            Path file = folder.resolve(variant.fileName(p + 1, seed) + ".webm");
            clips.add(clip(file, variant, texts.get(p), seed, given, cancellation));
          }
        }
      }
    }
    ComparisonReport report = new ComparisonReport(clips);
    ComparedClip.write(folder.resolve("report.json"), Json.text(report.facts()) + "\n");
    ComparedClip.write(folder.resolve("report.csv"), report.csv());
    ComparedClip.write(folder.resolve("report.html"), new ReportPage(clips).html());
    spec.commandLine().getOut().println(folder.resolve("report.html"));
    spec.commandLine().getOut().flush();
    return ExitCode.OK;
  }

  private ComparedClip clip(
      Path file,
      Variant variant,
      String prompt,
      long seed,
      SettingValues given,
      Cancellation cancellation)
      throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    String key = key(variant, prompt, seed);
    Optional<ComparedClip> kept = ComparedClip.kept(file, key);
    if (kept.isPresent()) {
      err.println("wanlet: it is there already, and is kept");
      return kept.get();
    }
    SettingValues values =
        given
            .with(Settings.PROMPT, prompt)
            .with(Settings.SEED, seed)
            .with(Settings.RECIPE, variant.recipe());
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("variant", variant.name());
    facts.put("prompt", prompt);
    facts.putAll(ClipMaker.make(values, variant.profile(), file, cancellation, err));
    facts.put("output", file.getFileName().toString());
    ShapeScore asked = ShapeScore.fromPrompt(prompt);
    boolean demo =
        !List.of(asked.colour(), asked.shape(), asked.motion(), asked.background())
            .contains(ShapeScore.NONE);
    Optional<ShapeScore> scored = demo ? Optional.of(asked) : Optional.empty();
    Map<String, Object> score = ClipScorer.score(file, Optional.empty(), scored).facts();
    facts.put("measures", score.get("measures"));
    if (score.containsKey("caption_accuracy")) {
      facts.put("caption_accuracy", score.get("caption_accuracy"));
    }
    facts.put("notes", score.get("notes"));
    ComparedClip clip = new ComparedClip(file, facts);
    clip.keep(key);
    return clip;
  }

  /** All that the clip was asked for with; another wish makes another clip. */
  private String key(Variant variant, String prompt, long seed) {
    Map<String, Object> key = new LinkedHashMap<>();
    key.put("version", VersionProvider.version());
    key.put("profile", variant.profile());
    key.put("recipe", variant.recipe());
    key.put("prompt", prompt);
    key.put("seed", seed);
    for (CommandSpec mixin : List.of(clip, model, sampling, compute)) {
      for (OptionSpec option : mixin.options()) {
        if (option.getValue() != null) {
          key.put(option.longestName(), String.valueOf(option.<Object>getValue()));
        }
      }
    }
    return Json.line(key);
  }

  private static <T> List<T> distinct(List<T> list) {
    return list.stream().distinct().toList();
  }
}
