// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/** Turns JMH's results into lines of the files under {@code bench/results}. Stateless. */
final class CsvReport {
  static final String HEADER =
      "date,commit,benchmark,parameters,samples,mean,min,error99.9,unit,cpu_ms_mean,cpu_ms_min,"
          + "device,processors,load,jvm,jvm_flags";

  private CsvReport() {}

  static List<String> lines(Collection<RunResult> results, Machine machine) {
    List<String> lines = new ArrayList<>();
    for (RunResult run : results) {
      BenchmarkParams params = run.getParams();
      Result<?> score = run.getPrimaryResult();
      Result<?> cpu = run.getSecondaryResults().get(CpuTimeProfiler.LABEL);
      String name = params.getBenchmark().substring(params.getBenchmark().lastIndexOf('.') + 1);
      String owner = params.getBenchmark().replaceAll(".*\\.(\\w+)\\.\\w+$", "$1");
      String parameters =
          params.getParamsKeys().stream()
              .map(key -> key + "=" + params.getParam(key))
              .collect(Collectors.joining(" "));
      lines.add(
          String.join(
              ",",
              LocalDate.now(ZoneId.systemDefault()).toString(),
              machine.commit(),
              owner + "." + name,
              parameters,
              Long.toString(score.getSampleCount()),
              number(score.getScore()),
              number(score.getStatistics().getMin()),
              number(score.getScoreError()),
              score.getScoreUnit(),
              number(cpu.getScore()),
              number(cpu.getStatistics().getMin()),
              quoted(machine.device()),
              Integer.toString(machine.processors()),
              number(machine.load()),
              quoted(machine.jvm()),
              quoted(String.join(" ", params.getJvmArgs()))));
    }
    return lines;
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.4g", value);
  }

  private static String quoted(String text) {
    return '"' + text.replace("\"", "\"\"") + '"';
  }
}
