// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.inspect;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.Table;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.profiles.recipes.AdapterNeed;
import dev.wanlet.profiles.recipes.RecipeBook;
import dev.wanlet.profiles.recipes.SamplingRecipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code wanlet recipes}: the sampling recipes there are. Confined to one thread. */
@Command(
    name = "recipes",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    subcommands = RecipesCommand.ShowCommand.class,
    description =
        "List the sampling recipes: named ways to sample that few-step models and adapters need."
            + " 'wanlet generate --recipe NAME' takes one; a model that is known to need one gets"
            + " it by itself.",
    footerHeading = "%nExamples:%n",
    footer = {"  wanlet recipes", "  wanlet recipes show lightning-4", "  wanlet recipes --json"})
public final class RecipesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    RecipeBook book = RecipeBook.with(RecipeBook.userFolder());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      List<Map<String, Object>> all = book.recipes().stream().map(r -> facts(book, r)).toList();
      out.println(Json.text(Map.of("recipes", all)));
    } else {
      Table table = new Table().row("NAME", "WHAT", "FOR", "SETTINGS");
      for (SamplingRecipe r : book.recipes()) {
        boolean refused = r.refusal().isPresent();
        table.row(
            r.name(),
            r.title(),
            String.join(", ", r.models()),
            refused ? "does not run here: " + r.refusal().get() : r.summary());
      }
      out.print(table.render(""));
      out.println("Your own: " + RecipeBook.userFolder().resolve("NAME.yaml"));
    }
    out.flush();
    return ExitCode.OK;
  }

  /** What is printed of a recipe, in order. */
  private static Map<String, Object> facts(RecipeBook book, SamplingRecipe r) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("name", r.name());
    facts.put("title", r.title());
    facts.put("source", r.source());
    facts.put("notes", r.notes());
    facts.put("models", r.models());
    facts.put("settings", r.values());
    facts.put("adapters", r.adapters().stream().map(AdapterNeed::toString).toList());
    facts.put("refused", r.refusal().orElse(null));
    facts.put("file", book.own().containsKey(r.name()) ? book.own().get(r.name()) + "" : null);
    return facts;
  }

  /** {@code wanlet recipes show}. Confined to one thread. */
  @Command(
      name = "show",
      mixinStandardHelpOptions = true,
      versionProvider = VersionProvider.class,
      description = "Tell all about one sampling recipe.",
      footerHeading = "%nExample:%n",
      footer = "  wanlet recipes show lightning-4")
  static final class ShowCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "NAME", description = "Its name.")
    private String name;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
      RecipeBook book = RecipeBook.with(RecipeBook.userFolder());
      Map<String, Object> facts = facts(book, book.require(name));
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(Json.text(facts));
      } else {
        Table table = new Table();
        facts.forEach((key, value) -> addRows(table, key, value));
        out.print(table.render(""));
      }
      out.flush();
      return ExitCode.OK;
    }

    private static void addRows(Table table, String key, Object value) {
      if (value instanceof Map<?, ?> settings) {
        settings.forEach((setting, v) -> table.row("--" + setting, String.valueOf(v)));
      } else if (value instanceof List<?> items) {
        items.forEach(item -> table.row(key.substring(0, key.length() - 1), item.toString()));
      } else if (value != null && !value.toString().isEmpty()) {
        table.row(key, value.toString());
      }
    }
  }
}
