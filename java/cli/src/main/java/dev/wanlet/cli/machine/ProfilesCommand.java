// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.Table;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.profiles.UserFolder;
import dev.wanlet.profiles.select.Profile;
import dev.wanlet.profiles.select.Profiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code wanlet profiles}: ways to trade quality for time. Confined to one thread. */
@Command(
    name = "profiles",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description =
        "List, show and check the profiles that --profile takes. Those of your own are files NAME.yaml"
            + " in the folder that 'wanlet profiles list' names.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet profiles list",
      "  wanlet profiles show draft > mine.yaml",
      "  wanlet profiles check mine.yaml"
    })
public final class ProfilesCommand {
  @Spec private CommandSpec spec;

  /** Lists them. */
  @Command(name = "list", mixinStandardHelpOptions = true, description = "List all profiles.")
  int list(@Option(names = "--json", description = "Print one JSON object.") boolean json)
      throws IOException {
    Profiles profiles = Profiles.with(folder());
    PrintWriter out = out();
    if (json) {
      out.println(
          Json.text(Map.of("profiles", profiles.all().stream().map(Profile::values).toList())));
    } else {
      Table table = new Table();
      table.row("name", "largest frame", "steps", "length", "patience", "card", "");
      for (Profile p : profiles.all()) {
        table.row(
            p.name(),
            p.largestPixels() + " pixels",
            String.format(Locale.ROOT, "%.0f%%", 100 * p.stepsShare()),
            String.format(Locale.ROOT, "%.3g s", p.seconds()),
            p.patienceMinutes() == null
                ? "any"
                : String.format(Locale.ROOT, "%.3g min", p.patienceMinutes()),
            p.memoryGib() == null ? "any" : String.format(Locale.ROOT, "%.3g GB", p.memoryGib()),
            p.title());
      }
      out.print(table.render(""));
      out.println();
      out.println("Profiles of your own: " + folder());
    }
    out.flush();
    return 0;
  }

  /** Shows one as the file it is. */
  @Command(
      name = "show",
      mixinStandardHelpOptions = true,
      description = "Print a profile as YAML, to start one of your own from.")
  int show(@Parameters(paramLabel = "NAME", description = "A profile.") String name)
      throws IOException {
    PrintWriter out = out();
    out.print(Profiles.yaml(Profiles.with(folder()).require(name)));
    out.flush();
    return 0;
  }

  /** Checks a file. */
  @Command(
      name = "check",
      mixinStandardHelpOptions = true,
      description = "Check a profile of your own.")
  int check(@Parameters(paramLabel = "FILE", description = "A profile's file.") Path file)
      throws IOException {
    Profile profile = Profiles.read(file);
    PrintWriter out = out();
    out.println(file + ": profile " + profile.name() + " is right");
    out.flush();
    return 0;
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private static Path folder() {
    return UserFolder.of("profiles");
  }
}
