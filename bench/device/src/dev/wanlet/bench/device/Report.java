// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Turns results into tables, and keeps those of a real run; {@code bench/device/report}. */
@Command(name = "report", description = "Prints tables of results; keeps them.")
public final class Report implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int REFUSED = 1;
  private static final int DATE = "2026-01-01".length();

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Files of results.")
  private List<Path> files;

  @Option(
      names = "--out",
      required = true,
      description = "Folder in which results are kept as CARD-DATE.jsonl.")
  private Path out;

  private final List<ResultLine> lines = new ArrayList<>();
  private int damaged;

  /** Makes a report and ends the process. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  /** Makes a report; returns 0, or 1 if the results are not those of one program. */
  static int run(String... args) {
    return new CommandLine(new Report()).execute(args);
  }

  @Override
  public Integer call() throws IOException {
    for (Path file : files) {
      Files.readAllLines(file).forEach(this::read);
    }
    Set<String> commits = distinct("commit");
    Set<String> sizes = distinct("size");
    if (commits.size() != 1 || sizes.size() != 1) {
      System.err.println(
          "report: these are results of different programs, which cannot stand in one table:"
              + " commits "
              + String.join(", ", commits)
              + "; sizes "
              + String.join(", ", sizes));
      return REFUSED;
    }
    PrintStream output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    output.printf("## %s, %s, commit %s%n%n", card(), date(), commits.iterator().next());
    output.print(new ReportTables(lines).text());
    if (damaged > 0) {
      output.printf("%d damaged lines were left out.%n", damaged);
    }
    if (sizes.contains("full")) {
      keep();
    } else {
      System.err.println("report: a dry run is not kept");
    }
    return 0;
  }

  private void read(String text) {
    try {
      lines.add(new ResultLine(JSON.readTree(text)));
    } catch (JsonProcessingException e) {
      damaged++; // the process was killed while it wrote
    }
  }

  private Set<String> distinct(String name) {
    return lines.stream().map(l -> l.text(name)).collect(Collectors.toCollection(TreeSet::new));
  }

  private String card() {
    return lines.stream()
        .filter(l -> !l.text("card").isEmpty() && !l.text("device").equals("CPU"))
        .findFirst()
        .or(() -> lines.stream().filter(l -> !l.text("card").isEmpty()).findFirst())
        .map(l -> l.text("card"))
        .orElse("unknown card");
  }

  private String date() {
    return lines.stream()
        .map(l -> l.text("time"))
        .filter(t -> t.length() >= DATE)
        .max(Comparator.naturalOrder())
        .map(t -> t.substring(0, DATE))
        .orElse("undated");
  }

  private void keep() throws IOException {
    String name = (card() + "-" + date()).replaceAll("[^A-Za-z0-9.-]+", "-");
    Path file = Files.createDirectories(out).resolve(name + ".jsonl");
    Files.write(file, lines.stream().map(l -> l.json().toString()).toList());
    System.err.println("report: kept as " + file);
  }
}
