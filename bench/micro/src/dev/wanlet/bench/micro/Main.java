// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs the benchmarks with JMH's own command line. With {@code --csv FILE} in front of JMH's
 * arguments the results are also appended to a CSV file, with the commit, machine and flags they
 * were measured with.
 */
public final class Main {
  private static final String CSV = "--csv";

  private Main() {}

  /**
   * Takes {@code --csv FILE}, then JMH's arguments: a regular expression for benchmark names,
   * {@code -p name=value}, {@code -f forks}, {@code -l} to list.
   */
  public static void main(String[] args)
      throws CommandLineOptionException, RunnerException, IOException {
    boolean csv = args.length > 1 && args[0].equals(CSV);
    CommandLineOptions options =
        new CommandLineOptions(csv ? Arrays.copyOfRange(args, 2, args.length) : args);
    Runner runner =
        new Runner(new OptionsBuilder().parent(options).addProfiler(CpuTimeProfiler.class).build());
    if (options.shouldHelp()) {
      options.showHelp();
    } else if (options.shouldList()) {
      runner.list();
    } else {
      Machine machine = Machine.here();
      Collection<RunResult> results = runner.run();
      if (csv) {
        append(Path.of(args[1]), CsvReport.lines(results, machine));
      }
    }
  }

  private static void append(Path file, List<String> lines) throws IOException {
    if (!Files.exists(file)) {
      Files.writeString(file, CsvReport.HEADER + "\n");
    }
    Files.write(file, lines, StandardOpenOption.APPEND);
  }
}
