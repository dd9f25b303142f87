// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Processor time per operation beside JMH's wall time: what a machine that is shared with other
 * work still measures fairly, as long as one worker thread is used (several spin while they wait
 * for each other). The JVM's own threads are in it.
 */
public final class CpuTimeProfiler implements InternalProfiler {
  /** The secondary result's name. */
  static final String LABEL = "cpu";

  private static final double NANOS_PER_MILLI = 1e6;

  private final OperatingSystemMXBean system =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private long start;

  @Override
  public String getDescription() {
    return "processor time of the whole process per operation";
  }

  @Override
  public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
    start = system.getProcessCpuTime();
  }

  @Override
  public Collection<? extends Result<?>> afterIteration(
      BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
    double millis = (system.getProcessCpuTime() - start) / NANOS_PER_MILLI;
    long operations = Math.max(1, result.getMetadata().getAllOps());
    return List.of(new ScalarResult(LABEL, millis / operations, "ms/op", AggregationPolicy.AVG));
  }
}
