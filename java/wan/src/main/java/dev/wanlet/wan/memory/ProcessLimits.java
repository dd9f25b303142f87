// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * What a container or a shell leaves this process of the machine's memory: control groups of
 * version 1 and 2 at every level above the process, and the limit of its address space. Looks anew
 * each time it is asked. Immutable.
 */
final class ProcessLimits {
  /** Version 1 writes a number near the largest there is where nothing is limited. */
  private static final long NO_LIMIT = 1L << 60;

  private final Path root;

  /**
   * @param root of the file system, other than {@code /} in tests
   */
  ProcessLimits(Path root) {
    this.root = root;
  }

  /** The limits of this process. */
  static ProcessLimits current() {
    return new ProcessLimits(Path.of("/"));
  }

  /**
   * Bytes that the process can still take; empty where nothing is limited, or the system does not
   * tell. Page cache of files counts as free: it goes when something else wants the memory.
   */
  OptionalLong freeBytes() {
    return Stream.of(addressSpace(), groups("memory"), groups(null))
        .flatMapToLong(OptionalLong::stream)
        .min();
  }

  /** What the tightest group above the process leaves, of version 1 with a controller's name. */
  private OptionalLong groups(String controller) {
    Optional<Path> group = groupFolder(controller);
    if (group.isEmpty()) {
      return OptionalLong.empty();
    }
    Path mount = mountOf(controller).orElseThrow().folder();
    long free = Long.MAX_VALUE;
    for (Path dir = group.get(); dir.startsWith(mount); dir = dir.getParent()) {
      free = Math.min(free, controller == null ? freeOfVersion2(dir) : freeOfVersion1(dir));
    }
    return free == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(Math.max(0, free));
  }

  private static long freeOfVersion2(Path dir) {
    // Above the "high" mark the kernel slows a group down until it has given memory back.
    long limit = Math.min(number(dir, "memory.max"), number(dir, "memory.high"));
    return free(dir, limit, "memory.current", "inactive_file", "active_file");
  }

  private static long freeOfVersion1(Path dir) {
    long limit = number(dir, "memory.limit_in_bytes");
    return free(dir, limit, "memory.usage_in_bytes", "total_inactive_file", "total_active_file");
  }

  private static long free(Path dir, long limit, String usage, String... cache) {
    long used = number(dir, usage);
    if (limit >= NO_LIMIT || used >= NO_LIMIT) {
      return Long.MAX_VALUE;
    }
    for (String line : lines(dir.resolve("memory.stat"))) {
      for (String name : cache) {
        if (line.startsWith(name + " ")) {
          used -= Long.parseLong(line.substring(name.length() + 1).strip());
        }
      }
    }
    return limit - Math.max(0, used);
  }

  private static long number(Path dir, String file) {
    List<String> lines = lines(dir.resolve(file));
    return lines.isEmpty() || lines.get(0).strip().equals("max")
        ? Long.MAX_VALUE
        : Long.parseLong(lines.get(0).strip());
  }

  /** Where groups are mounted. */
  private record Mount(String groupRoot, Path folder) {}

  private Optional<Mount> mountOf(String controller) {
    for (String line : lines(root.resolve("proc/self/mountinfo"))) {
      // id parent device root mountpoint options [optional fields] - type source super-options
      String[] halves = line.split(" - ", 2);
      String[] head = halves[0].split(" ");
      String[] tail = halves.length < 2 ? new String[0] : halves[1].split(" ");
      if (head.length < 5 || tail.length < 3) {
        continue;
      }
      boolean found =
          controller == null
              ? tail[0].equals("cgroup2")
              : tail[0].equals("cgroup") && List.of(tail[2].split(",")).contains(controller);
      if (found) {
        return Optional.of(new Mount(head[3], root.resolve(head[4].substring(1))));
      }
    }
    return Optional.empty();
  }

  private Optional<Path> groupFolder(String controller) {
    return mountOf(controller)
        .flatMap(
            mount ->
                lines(root.resolve("proc/self/cgroup")).stream()
                    .map(line -> line.split(":", 3))
                    .filter(f -> f.length == 3)
                    .filter(
                        f ->
                            controller == null
                                ? f[0].equals("0") && f[1].isEmpty()
                                : List.of(f[1].split(",")).contains(controller))
                    .map(f -> within(mount, f[2]))
                    .findFirst());
  }

  // Inside a container the path may be that of the host, which is not mounted: then the mount
  // shows the container's own group.
  private static Path within(Mount mount, String path) {
    String below =
        path.startsWith(mount.groupRoot()) ? path.substring(mount.groupRoot().length()) : "";
    Path folder = mount.folder().resolve(below.replaceFirst("^/+", "")).normalize();
    return folder.startsWith(mount.folder()) && Files.isDirectory(folder) ? folder : mount.folder();
  }

  private OptionalLong addressSpace() {
    OptionalLong limit =
        lines(root.resolve("proc/self/limits")).stream()
            .filter(line -> line.startsWith("Max address space"))
            .map(line -> line.substring("Max address space".length()).strip().split(" +")[0])
            .filter(soft -> !soft.equals("unlimited"))
            .mapToLong(Long::parseLong)
            .findFirst();
    OptionalLong used =
        lines(root.resolve("proc/self/status")).stream()
            .filter(line -> line.startsWith("VmSize:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
            .findFirst();
    return limit.isPresent() && used.isPresent()
        ? OptionalLong.of(Math.max(0, limit.getAsLong() - used.getAsLong()))
        : OptionalLong.empty();
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of(); // another system, or another version of groups
    }
  }
}
