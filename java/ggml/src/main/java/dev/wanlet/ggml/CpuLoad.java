// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * How many of the processors that this process may use are taken by other programs, over the time
 * between two looks. Confined to one thread.
 */
public final class CpuLoad {
  /** Processor time since some start, in seconds: of everything that ran, and of this process. */
  record Times(double all, double own) {}

  // Linux counts in hundredths of a second towards programs, whatever the kernel's own clock is.
  private static final double TICKS_PER_SECOND = 100;

  private static final Path PROC = Path.of("/proc");

  private final Path proc;
  private int processors = Runtime.getRuntime().availableProcessors();
  private Times last;
  private long lastNanos;

  /** Starts to look now. */
  public CpuLoad() {
    this(PROC);
  }

  CpuLoad(Path proc) {
    this.proc = proc;
    this.last = read();
    this.lastNanos = System.nanoTime();
  }

  /** Seconds since the last look. */
  public double seconds() {
    return (System.nanoTime() - lastNanos) / 1e9;
  }

  /**
   * Processors that other programs kept busy since the last look, 0 or more: 1.0 for one program
   * that never waits. 0 where the system does not tell. The next look starts now.
   */
  public double others() {
    Times now = read();
    double seconds = seconds();
    lastNanos = System.nanoTime();
    Times before = last;
    last = now;
    if (now == null || before == null || seconds <= 0) {
      return now == null ? othersByManagement() : 0;
    }
    double others = now.all() - before.all() - (now.own() - before.own());
    return Math.max(0, Math.min(others / seconds, processors));
  }

  /**
   * How many processors this process may run on. A container may be allowed the time of fewer; the
   * others are still where its threads find room.
   */
  public int processors() {
    return processors;
  }

  // Null where there is no /proc.
  private Times read() {
    try {
      String status = Files.readString(proc.resolve("self/status"));
      BitSet allowed = allowed(status);
      double all = parseAll(Files.readString(proc.resolve("stat")), allowed);
      processors = allowed.cardinality();
      return new Times(all, parseOwn(Files.readString(proc.resolve("self/stat"))));
    } catch (IOException | IllegalArgumentException e) {
      return null;
    }
  }

  /** The busy time of the allowed processors in the text of {@code /proc/stat}. */
  static double parseAll(String stat, BitSet allowed) {
    double ticks = 0;
    for (String line : stat.lines().toList()) {
      String[] fields = line.split(" +");
      if (fields[0].matches("cpu\\d+") && allowed.get(Integer.parseInt(fields[0].substring(3)))) {
        // user nice system idle iowait irq softirq steal
        for (int i = 1; i < Math.min(fields.length, 9); i++) {
          ticks += i == 4 || i == 5 ? 0 : Long.parseLong(fields[i]);
        }
      }
    }
    return ticks / TICKS_PER_SECOND;
  }

  /** The user and system time in the text of {@code /proc/self/stat}. */
  static double parseOwn(String stat) {
    // The second field is the program's name in brackets, which may hold anything.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
  }

  /** The processors in the line {@code Cpus_allowed_list} of {@code /proc/self/status}. */
  static BitSet allowed(String status) {
    String list =
        status
            .lines()
            .filter(l -> l.startsWith("Cpus_allowed_list:"))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no Cpus_allowed_list"))
            .substring("Cpus_allowed_list:".length())
            .strip();
    BitSet allowed = new BitSet();
    for (String range : list.split(",")) {
      String[] ends = range.split("-");
      allowed.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
    }
    return allowed;
  }

  // Over a time that the JVM chooses, since its own last look.
  private static double othersByManagement() {
    if (!(ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system)) {
      return 0;
    }
    double all = system.getCpuLoad();
    double own = system.getProcessCpuLoad();
    return all < 0 || own < 0
        ? 0
        : Math.max(0, all - own) * Runtime.getRuntime().availableProcessors();
  }
}
