// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuLoadTest {
  private static final String STAT =
      "cpu  900 90 300 9000 30 6 9 15 0 0\n"
          + "cpu0 400 40 200 4000 20 2 4 10 0 0\n"
          + "cpu1 500 50 100 5000 10 4 5 5 0 0\n"
          + "intr 1 2 3\n";
  private static final String STATUS = "Name:\tx\nCpus_allowed_list:\t0-1\n";

  @TempDir Path proc;

  @Test
  void busyTimeLeavesIdleAndWaitingOut() {
    BitSet both = CpuLoad.allowed(STATUS);
    assertThat(both.cardinality()).isEqualTo(2);
    assertThat(CpuLoad.parseAll(STAT, both)).isEqualTo(13.2);
  }

  @Test
  void onlyProcessorsThatThisProcessMayUseCount() {
    BitSet one = CpuLoad.allowed("Cpus_allowed_list:\t1,7-9\n");
    assertThat(one.toString()).isEqualTo("{1, 7, 8, 9}");
    assertThat(CpuLoad.parseAll(STAT, one)).isEqualTo(6.64);
  }

  @Test
  void ownTimeIsFoundBehindAnyName() {
    String stat = "7 (a b) c) R 1 7 7 0 -1 4194304 100 0 0 0 250 50 9 9 20 0 1 0 5";
    assertThat(CpuLoad.parseOwn(stat)).isEqualTo(3.0);
  }

  @Test
  void othersAreWhatThisProcessDidNotUse() throws Exception {
    Files.createDirectories(proc.resolve("self"));
    Files.writeString(proc.resolve("self/status"), STATUS);
    Files.writeString(proc.resolve("stat"), STAT);
    Files.writeString(proc.resolve("self/stat"), own(100));
    CpuLoad load = new CpuLoad(proc);
    assertThat(load.others()).isZero();
    // 1,000,000 s of both processors pass, half of one is ours: more than there are is cut off.
    Files.writeString(proc.resolve("stat"), STAT.replace("cpu0 400", "cpu0 100000400"));
    Files.writeString(proc.resolve("self/stat"), own(50_000_100));
    assertThat(load.others()).isEqualTo(load.processors()).isEqualTo(2);
    // Nothing but this process ran since.
    assertThat(load.others()).isZero();
  }

  private static String own(long ticks) {
    return "7 (java) R 1 7 7 0 -1 0 0 0 0 0 " + ticks + " 0 0 0 20 0 1 0 5";
  }

  @Test
  void aSystemWithoutProcFallsBackToTheVirtualMachine() {
    CpuLoad load = new CpuLoad(proc.resolve("nothing"));
    assertThat(load.others()).isBetween(0.0, (double) Runtime.getRuntime().availableProcessors());
  }

  @Test
  void threadsFollowFreeProcessors() {
    assertThat(CpuThreads.count(16, 16, false)).isEqualTo(16);
    assertThat(CpuThreads.count(16, 13.8, false)).isEqualTo(14);
    assertThat(CpuThreads.count(16, 13.8, true)).isEqualTo(14);
    assertThat(CpuThreads.count(16, 1, false)).isEqualTo(1);
    assertThat(CpuThreads.count(16, 1, true)).isEqualTo(16);
    assertThat(CpuThreads.count(2, 0, false)).isEqualTo(1);
    assertThat(CpuThreads.count(2, 1.7, false)).isEqualTo(2);
    assertThat(CpuThreads.count(1, 0, true)).isEqualTo(1);
    // A container with the time of two of sixteen processors, ten of which are busy.
    assertThat(CpuThreads.count(2, 6, false)).isEqualTo(2);
  }

  @Test
  void smallGraphsRunOnOneThreadAndFixedCountsStay() {
    CpuThreads threads = new CpuThreads(4);
    assertThat(threads.forGraph(1e6, 10)).isEqualTo(1);
    threads.fix(3);
    assertThat(threads.forGraph(1e9, 10)).isEqualTo(3);
    assertThat(threads.forGraph(1e6, 10)).isEqualTo(1);
  }

  @Test
  void allowedProcessorsMustBeNamed() {
    assertThatThrownBy(() -> CpuLoad.allowed("Name:\tx\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Cpus_allowed_list");
  }
}
