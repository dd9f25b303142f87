// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Limits of containers, over trees as Linux shows them. */
class ProcessLimitsTest {
  private static final long MIB = 1L << 20;

  @TempDir Path root;

  private void file(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private ProcessLimits limits() {
    return new ProcessLimits(root);
  }

  private void version2(String group) throws IOException {
    file("proc/self/cgroup", "0::" + group + "\n");
    file(
        "proc/self/mountinfo",
        "25 1 0:22 / /proc rw - proc proc rw\n"
            + "30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
  }

  private void group2(String path, String max, long currentMib) throws IOException {
    file(path + "/memory.max", max + "\n");
    file(path + "/memory.current", currentMib * MIB + "\n");
    file(path + "/memory.stat", "anon 1\nfile 9\ninactive_file 0\nactive_file 0\n");
  }

  private void version1(String mountRoot, String group) throws IOException {
    file("proc/self/cgroup", "9:name=systemd:/x\n4:memory:" + group + "\n1:cpu,cpuacct:/\n0::/\n");
    file(
        "proc/self/mountinfo",
        "34 30 0:31 "
            + mountRoot
            + " /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
            + "36 30 0:33 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n");
  }

  private void group1(String path, long limit, long usedMib, long cacheMib) throws IOException {
    file(path + "/memory.limit_in_bytes", limit + "\n");
    file(path + "/memory.usage_in_bytes", usedMib * MIB + "\n");
    file(
        path + "/memory.stat",
        "cache 1\ninactive_file 7\ntotal_inactive_file "
            + cacheMib * MIB
            + "\ntotal_active_file 0\n");
  }

  @Test
  void version2LimitsByWhatIsUsed() throws IOException {
    version2("/");
    group2("sys/fs/cgroup", Long.toString(400 * MIB), 150);
    assertThat(limits().freeBytes()).hasValue(250 * MIB);
  }

  @Test
  void pageCacheCountsAsFree() throws IOException {
    version2("/");
    group2("sys/fs/cgroup", Long.toString(400 * MIB), 390);
    file(
        "sys/fs/cgroup/memory.stat",
        "anon 1\ninactive_file " + 200 * MIB + "\nactive_file " + 90 * MIB + "\n");
    assertThat(limits().freeBytes()).hasValue(300 * MIB);
  }

  @Test
  void theTightestLevelCounts() throws IOException {
    version2("/pod/container");
    group2("sys/fs/cgroup", "max", 9000);
    group2("sys/fs/cgroup/pod", Long.toString(500 * MIB), 480);
    group2("sys/fs/cgroup/pod/container", Long.toString(400 * MIB), 100);
    assertThat(limits().freeBytes()).hasValue(20 * MIB);
  }

  @Test
  void theHighMarkIsALimitToo() throws IOException {
    version2("/");
    group2("sys/fs/cgroup", "max", 100);
    file("sys/fs/cgroup/memory.high", 300 * MIB + "\n");
    assertThat(limits().freeBytes()).hasValue(200 * MIB);
  }

  @Test
  void version1LimitsByWhatIsUsed() throws IOException {
    version1("/", "/docker/abc");
    group1("sys/fs/cgroup/memory", Long.MAX_VALUE & ~4095, 9000, 0);
    group1("sys/fs/cgroup/memory/docker/abc", 300 * MIB, 200, 50);
    assertThat(limits().freeBytes()).hasValue(150 * MIB);
  }

  @Test
  void insideAContainerTheMountIsItsOwnGroup() throws IOException {
    // The path is the host's, the mount shows the container's group as its root.
    version1("/docker/abc", "/docker/abc");
    group1("sys/fs/cgroup/memory", 300 * MIB, 200, 0);
    assertThat(limits().freeBytes()).hasValue(100 * MIB);
    version1("/elsewhere", "/docker/abc");
    assertThat(limits().freeBytes()).hasValue(100 * MIB);
  }

  @Test
  void whatIsNotLimitedIsNotBounded() throws IOException {
    assertThat(limits().freeBytes()).isEmpty();
    version2("/");
    group2("sys/fs/cgroup", "max", 100);
    assertThat(limits().freeBytes()).isEmpty();
    version1("/", "/");
    group1("sys/fs/cgroup/memory", 9223372036854771712L, 100, 0);
    assertThat(limits().freeBytes()).isEmpty();
  }

  @Test
  void anAddressSpaceLimitCounts() throws IOException {
    file(
        "proc/self/limits",
        "Limit                     Soft Limit           Hard Limit           Units     \n"
            + "Max address space         8589934592           unlimited            bytes     \n");
    file("proc/self/status", "Name:\tjava\nVmSize:\t 7340032 kB\n");
    assertThat(limits().freeBytes()).hasValue((8L << 30) - (7L << 30));
    file(
        "proc/self/limits",
        "Max address space         unlimited            unlimited            bytes     \n");
    assertThat(limits().freeBytes()).isEmpty();
  }
}
