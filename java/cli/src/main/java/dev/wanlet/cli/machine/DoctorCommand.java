// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.Table;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.wan.memory.ByteSize;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code wanlet doctor}: what this machine has to compute with. Confined to one thread. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description =
        "Report devices, memory, backends and libraries, measure how fast they are (in less than"
            + " twenty seconds), and say what fits this machine, what is missing, and the line that"
            + " would mend it.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:Wanlet can run here", "5:no device can be used"})
public final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(
      names = "--model",
      paramLabel = "PATH",
      description = "Measure the disk that this model's files lie on (default: that of Java).")
  private Path model;

  @Option(
      names = "--no-measure",
      description = "Measure nothing: neither rates nor what fits is reported, but at once.")
  private boolean noMeasure;

  @Override
  public Integer call() throws IOException {
    MachineReport report = MachineReport.collect(!noMeasure, Optional.ofNullable(model));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.text(report.facts()));
    } else {
      print(out, report);
    }
    out.flush();
    return report.canCompute() ? ExitCode.OK : ExitCode.DEVICE;
  }

  private static void print(PrintWriter out, MachineReport report) {
    report
        .facts()
        .forEach(
            (section, content) -> {
              out.println(section.replace('_', ' ') + ":");
              if (section.equals("advice") || section.equals("fits")) {
                lines(out, (List<?>) content);
                return;
              }
              Table table = new Table();
              if (content instanceof Map<?, ?> facts) {
                facts.forEach((key, value) -> row(table, String.valueOf(key), value));
              } else if (content instanceof List<?> items && !items.isEmpty()) {
                items.forEach(item -> addItem(table, item));
              } else {
                table.row("none");
              }
              out.print(table.render("  "));
            });
    out.println(report.canCompute() ? "Wanlet can run here." : "Wanlet cannot run here.");
  }

  /** Sentences, which are too long for a table. */
  private static void lines(PrintWriter out, List<?> items) {
    for (Object item : items) {
      if (item instanceof Map<?, ?> fit) {
        out.println("  " + fit.get("profile") + ": " + fit.get("choice"));
        if (fit.get("late") != null) {
          out.println("    (" + fit.get("late") + ")");
        }
      } else {
        out.println("  " + item);
      }
    }
    if (items.isEmpty()) {
      out.println("  none");
    }
  }

  private static void addItem(Table table, Object item) {
    if (item instanceof Map<?, ?> facts) {
      facts.forEach((key, value) -> row(table, String.valueOf(key), value));
    } else {
      table.row(String.valueOf(item));
    }
  }

  private static void row(Table table, String key, Object value) {
    boolean bytes = key.endsWith("_bytes") && value instanceof Long;
    table.row(
        key.replaceAll("_(bytes|bytes_per_second|flops)$", "").replace('_', ' '),
        bytes ? ByteSize.format((Long) value) : list(RateFacts.text(key, value)));
  }

  private static String list(Object value) {
    return value instanceof List<?> items
        ? String.join(", ", items.stream().map(String::valueOf).toList())
        : String.valueOf(value);
  }
}
