// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.base.Count;
import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Interruption;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.ProgressDisplay;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.options.CacheFinder;
import dev.wanlet.cli.options.MeasuredRates;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.cli.options.RecipeFinder;
import dev.wanlet.profiles.caches.MeasuredCache;
import dev.wanlet.profiles.caches.MeasuredCaches;
import dev.wanlet.profiles.recipes.RecipeChoice;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.pipeline.OpenPipeline;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.pipeline.SamplingRun;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SamplingSettings;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.cache.CacheKind;
import dev.wanlet.wan.sampling.cache.CacheMeasurement;
import dev.wanlet.wan.sampling.cache.CacheNumbers;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code wanlet calibrate}: measures the tables that step caches go by. */
@Command(
    name = "calibrate",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    sortOptions = false,
    description =
        "Measure the tables that the step caches mag and tea go by, for a model with the settings"
            + " given. It samples one clip in full, which takes as long as that, and keeps the"
            + " tables; 'wanlet generate --cache' then finds them.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet calibrate --model Wan2.1-T2V-1.3B --size 832x480 --frames 33 --steps 30",
      "  wanlet calibrate --cache mag --steps 20"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:the tables are kept",
      "2:bad arguments, or the tables cannot be written",
      "3:a file of the model is missing or damaged",
      "4:it does not fit the memory budget",
      "5:the device is missing or failed",
      "130:interrupted (Ctrl-C)"
    })
public final class CalibrateCommand implements Callable<Integer> {
  /** A run that keeps what the blocks did and computes every step. */
  private static final CacheNumbers WHOLE =
      CacheNumbers.parse("mag;threshold=1;keep=1;prompt=1;without=1");

  private static final String PROMPT =
      "a woman in a yellow raincoat walks along a rainy street at night, neon signs, the camera"
          + " follows her";

  /** In words that the demo model knows. */
  private static final String DEMO_PROMPT = "a red circle moving left on a black background";

  @Spec private CommandSpec spec;

  @Mixin private ClipFlags flags = new ClipFlags();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FOLDER",
      description = "Where the tables are kept (default: where 'wanlet generate' looks for them).")
  private Path folder;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    SettingValues given = flags.given();
    ModelFiles files = ModelFinder.resolve(given.model());
    RecipeChoice recipe = RecipeFinder.choose(given, files);
    ClipRun.tell(spec.commandLine(), recipe.notes());
    SettingValues values = recipe.settings();
    List<CacheKind> kinds =
        values.find(Settings.CACHE).map(List::of).orElse(List.of(CacheKind.MAG, CacheKind.TEA));
    if (kinds.contains(CacheKind.EASY)) {
      throw new RequestException("the step cache easy needs no table; there is nothing to measure");
    }
    for (Setting<?> setting : List.of(Settings.CACHE_THRESHOLD, Settings.CACHE_TABLE)) {
      if (given.find(setting).isPresent()) {
        throw new RequestException(
            setting.option()
                + " is for clips that go by a table, and has no effect on measuring one; give it to"
                + " 'wanlet generate'");
      }
    }
    Path work = Files.createTempDirectory("wanlet-calibrate");
    try {
      GenerationRequest request = request(values, files, work.resolve("clip.mp4"));
      CacheMeasurement measured = measure(files, request);
      List<Integer> starts = List.of(0, request.sampling().experts().firstLowStep());
      List<MeasuredCache> tables = new ArrayList<>();
      for (CacheKind kind : kinds) {
        CacheNumbers numbers = kind == CacheKind.MAG ? measured.mag(starts) : measured.tea();
        tables.add(
            new MeasuredCache(
                files.model().id(),
                CacheFinder.type(files.transformer()),
                CacheFinder.recipe(values),
                request.sampling().steps(),
                numbers.toString()));
      }
      keep(tables);
    } finally {
      delete(work);
    }
    return ExitCode.OK;
  }

  private static GenerationRequest request(SettingValues values, ModelFiles files, Path clip) {
    String usual = files.model().id().equals(ModelCatalog.DEMO) ? DEMO_PROMPT : PROMPT;
    SettingValues whole =
        values
            .with(Settings.PROMPT, values.find(Settings.PROMPT).orElse(usual))
            .with(Settings.SEED, values.find(Settings.SEED).orElse(0L))
            .with(Settings.CACHE, CacheKind.MAG)
            .with(Settings.CACHE_TABLE, WHOLE)
            .with(Settings.CACHE_THRESHOLD, null);
    GenerationRequest request =
        GenerationRequest.builder().set(whole).output(clip).build(files.model());
    int steps = request.sampling().steps();
    if (steps < SamplingSettings.LEAST_STEPS_TO_CACHE) {
      throw new RequestException(
          String.format(
              "a run of %s has no use for a step cache; measure one of %d steps or more",
              Count.of(steps, "step"), SamplingSettings.LEAST_STEPS_TO_CACHE));
    }
    return request;
  }

  private CacheMeasurement measure(ModelFiles files, GenerationRequest request) throws IOException {
    CacheMeasurement measured = new CacheMeasurement();
    RunOptions options = RunOptions.defaults().withPasses(measured::add);
    Interruption interruption = Interruption.onInterrupt(options.cancellation()::cancel);
    try (ProgressDisplay progress = ProgressDisplay.open(spec.commandLine().getErr());
        OpenPipeline open = new VideoPipeline(files, MeasuredRates.SOURCE).open();
        SamplingRun run = open.start(request, options.withListener(progress))) {
      while (!run.isDone()) {
        run.step();
      }
    } finally {
      interruption.close();
    }
    return measured;
  }

  private void keep(List<MeasuredCache> tables) throws IOException {
    List<Map<String, Object>> all = new ArrayList<>();
    PrintWriter out = spec.commandLine().getOut();
    for (MeasuredCache table : tables) {
      MeasuredCaches caches = folder == null ? MeasuredCaches.ofUser() : new MeasuredCaches(folder);
      Path file = caches.save(table);
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("file", file.toString());
      facts.put("model", table.model());
      facts.put("type", table.type());
      facts.put("recipe", table.recipe());
      facts.put("steps", table.steps());
      facts.put("table", table.numbers());
      all.add(facts);
      if (!json) {
        out.println(table.numbers());
        out.println("kept in " + Printable.text(file));
      }
    }
    if (json) {
      out.println(Json.text(Map.of("tables", all)));
    }
    out.flush();
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
