// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.machine;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.Table;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.wan.memory.ByteSize;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
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
        "Report devices, memory, backends and libraries, and what would enable what is missing.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:Wanlet can run here", "5:no device can be used"})
public final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    MachineReport report = MachineReport.collect();
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
        (bytes ? key.substring(0, key.length() - "_bytes".length()) : key).replace('_', ' '),
        bytes ? ByteSize.format((Long) value) : list(value));
  }

  private static String list(Object value) {
    return value instanceof List<?> items
        ? String.join(", ", items.stream().map(String::valueOf).toList())
        : String.valueOf(value);
  }
}
