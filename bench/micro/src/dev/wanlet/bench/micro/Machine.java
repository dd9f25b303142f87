// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import dev.wanlet.ggml.Device;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * What a measurement was made on. Immutable.
 *
 * @param commit the working tree's commit, with {@code +} if files differ from it, or {@code
 *     unknown}
 * @param device the computing device's product name
 * @param processors processors the JVM sees
 * @param load the system's load average at the start: above zero, others worked on the machine too
 */
record Machine(String commit, String device, int processors, double load, String jvm) {

  static Machine here() throws IOException {
    return new Machine(
        workingTree(),
        Device.cpu().description(),
        Runtime.getRuntime().availableProcessors(),
        java.lang.management.ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
  }

  private static String workingTree() throws IOException {
    String commit = git("rev-parse", "--short=12", "HEAD");
    if (commit.isEmpty()) {
      return "unknown";
    }
    return git("status", "--porcelain", "--untracked-files=no").isEmpty() ? commit : commit + "+";
  }

  private static String git(String... arguments) throws IOException {
    String[] command = new String[arguments.length + 1];
    command[0] = "git";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      byte[] output = process.getInputStream().readAllBytes();
      boolean ended = process.waitFor(1, TimeUnit.MINUTES);
      return ended && process.exitValue() == 0
          ? new String(output, StandardCharsets.UTF_8).trim()
          : "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while asking git for the commit", e);
    }
  }
}
