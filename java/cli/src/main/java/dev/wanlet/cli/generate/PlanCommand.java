// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.base.Count;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.options.CacheFinder;
import dev.wanlet.cli.options.IdleDecoder;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.cli.options.RecipeFinder;
import dev.wanlet.profiles.device.DeviceSpecs;
import dev.wanlet.profiles.recipes.ModelSigns;
import dev.wanlet.profiles.recipes.RecipeChoice;
import dev.wanlet.profiles.select.Choice;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.OpenAdapters;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.MemoryBudget;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.request.AdapterList;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code wanlet plan}: what a run will need. Confined to one thread. */
@Command(
    name = "plan",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    sortOptions = false,
    description =
        "Print what a run will need of device and host memory, and how long a step will take,"
            + " without running it. A model id needs no files: the transformer is taken to be of"
            + " --type, text encoder and VAE of Q8_0 and F16. Without a prompt the longest is"
            + " assumed.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet plan --model wan2.1-t2v-14b --type Q4_K_M --size 832x480 --frames 81 --vram 4GiB",
      "  wanlet plan --diffusion-model wan2.1-t2v-1.3b-Q8_0.gguf --vram 2GiB --ram 8GiB --json"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:the run fits",
      "2:bad arguments, or a model this version cannot run",
      "3:a file of the model is missing or damaged",
      "4:the run does not fit; the output says what would",
      "5:the device is missing"
    })
public final class PlanCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description =
          "Quantisation recipe of the transformer of a model id: F16, Q8_0, Q4_K_M, ..., in any"
              + " case (default: chosen with the size where that is open too, else Q8_0).")
  private String type;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(
      names = "--device-spec",
      paramLabel = "CARD",
      description =
          "Plan for a card that need not be here, such as rtx-4060, rtx-3060-12gb, rx-7600, or 8gb"
              + " for any card of 8 GB. Times are predictions from its data sheet.")
  private String card;

  @Mixin private ClipFlags flags = new ClipFlags();

  @Mixin(name = "Choice")
  private WishFlags wishes = new WishFlags();

  @Override
  public Integer call() throws IOException {
    SettingValues given = wishes.drafted(flags.given());
    if (card != null && given.find(Settings.DEVICE).isPresent()) {
      throw new RequestException(
          "--device-spec is for a card that need not be here, --device for one that is; give one");
    }
    Machine machine = machine(given.compute());
    RecipeChoice recipe = recipe(given);
    Target target = target(machine, given, recipe.settings());
    try (OpenModel open = open(target);
        OpenAdapters adapters = OpenAdapters.open(AdapterList.of(target.settings()), open)) {
      RunPlanner planner = machine.planner(open, adapters, target.settings());
      GenerationRequest.Builder clip = GenerationRequest.builder().set(target.settings());
      RunPlanner.Job job =
          clip.toPlan(open.defaults(), prompt -> Machine.countTokens(open, prompt));
      ClipRun.tell(spec.commandLine(), recipe.notes());
      ClipRun.tell(spec.commandLine(), clip.notes(open.defaults()));
      ClipRun.tell(spec.commandLine(), adapters.summaries());
      int channels = open.transformerConfig().outChannels();
      ClipRun.tell(
          spec.commandLine(),
          IdleDecoder.note(target.settings(), channels, false).stream().toList());
      PlanReport report = report(planner, job, machine.budget(target.settings()), open);
      print(open, machine, planner, job, report, adapters);
      if (!report.problems().isEmpty()) {
        report.problems().forEach(p -> spec.commandLine().getErr().println("wanlet: " + p));
        return ExitCode.USAGE;
      }
      return report.fits() ? ExitCode.OK : ExitCode.OVER_BUDGET;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** What is planned: settings, and the quantisation recipe of a model id. */
  private record Target(SettingValues settings, Optional<String> recipe) {}

  private Machine machine(ComputeSettings settings) {
    return card == null
        ? Machine.here(settings)
        : Machine.onPaper(DeviceSpecs.standard().require(card), settings);
  }

  /** The settings with those of a recipe; where the model is left to the machine there is none. */
  private RecipeChoice recipe(SettingValues given) throws IOException {
    if (isAnyModel(given)) {
      return new RecipeChoice(given, List.of());
    }
    try (OpenModel open = open(new Target(given, Optional.ofNullable(type)))) {
      RecipeChoice choice =
          RecipeFinder.choose(
              given,
              open.defaults(),
              ModelSigns.ofOpen(open.transformers(), RecipeFinder.adapters(given)));
      return CacheFinder.filled(choice, open.defaults(), CacheFinder.type(open.transformers()));
    }
  }

  private boolean isAnyModel(SettingValues given) {
    return type == null
        && given.model().isEmpty()
        && given.find(Settings.RECIPE).isEmpty()
        && (wishes.isGiven() || card != null);
  }

  private static OpenModel open(Target target) throws IOException {
    return OpenModel.toPlan(
        target.settings().model(),
        target.recipe(),
        ModelCatalog.standard(),
        ModelFinder.resolver());
  }

  /** What was given or comes from a sampling recipe, and what the machine chooses beside. */
  private Target target(Machine machine, SettingValues given, SettingValues values)
      throws IOException {
    AutoChoice auto = new AutoChoice(machine, wishes, values, spec.commandLine().getErr());
    Target asked = new Target(values, Optional.ofNullable(type));
    if (type != null && !wishes.isGiven()) {
      return asked; // who names a type asks of this very run
    }
    if (isAnyModel(given)) {
      return target(auto.amongPublished(Optional.empty()), values);
    }
    try (OpenModel open = open(asked)) {
      if (!AutoChoice.isWanted(wishes, given, open.defaults())) {
        return asked;
      }
      if (!PublishedModels.canChoose(open.defaults())) {
        return asked; // the report says why
      }
      boolean anyRecipe = type == null && open.recipe().isPresent();
      return anyRecipe
          ? target(auto.amongPublished(Optional.of(open.defaults().id())), values)
          : new Target(auto.among(open).settings(values), asked.recipe());
    } catch (MemoryBudgetException e) {
      return asked; // the report says what is missing
    }
  }

  private static Target target(Choice choice, SettingValues given) {
    SettingValues settings = choice.settings(given);
    return new Target(
        settings.with(Settings.MODEL, choice.candidate().model().id()),
        Optional.of(choice.candidate().recipe()));
  }

  private static PlanReport report(
      RunPlanner planner, RunPlanner.Job job, MemoryBudget budget, OpenModel open) {
    try {
      return PlanReport.fitting(planner.plan(job, budget));
    } catch (MemoryBudgetException refusal) {
      return PlanReport.refused(
          refusal,
          smallest(planner, job, budget, refusal),
          job,
          budget.deviceBytes(),
          budget.hostBytes(),
          planner.alternatives(job, budget, open.defaults().sizes()));
    }
  }

  private static RunPlan smallest(
      RunPlanner planner, RunPlanner.Job job, MemoryBudget budget, MemoryBudgetException refusal) {
    boolean device = refusal.kind() == MemoryBudgetException.Kind.DEVICE;
    long bytes = device ? refusal.neededBytes() : budget.deviceBytes();
    return planner.plan(job, new MemoryBudget(bytes, Long.MAX_VALUE));
  }

  private void print(
      OpenModel open,
      Machine machine,
      RunPlanner planner,
      RunPlanner.Job job,
      PlanReport report,
      OpenAdapters adapters) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("model", open.defaults().id());
      facts.put("type", typeName(open));
      facts.put("device", machine.name());
      facts.put("rates", planner.facts().rates().source());
      facts.put("width", job.size().width());
      facts.put("height", job.size().height());
      facts.put("frames", job.frames());
      if (!adapters.files().isEmpty()) {
        facts.put("adapters", adapters.summaries());
      }
      facts.putAll(report.facts());
      out.println(Json.text(facts));
    } else {
      out.printf(
          Locale.ROOT,
          "%s, %s, %s, %s, on %s%n",
          open.defaults().id(),
          typeName(open),
          job.size(),
          Count.of(job.frames(), "frame"),
          machine.title());
      out.println(report.text());
    }
    out.flush();
  }

  private static String typeName(OpenModel open) {
    return open.recipe().map(r -> r.toUpperCase(Locale.ROOT)).orElse("types as stored");
  }
}
