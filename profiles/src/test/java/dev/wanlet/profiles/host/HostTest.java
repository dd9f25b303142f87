// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class HostTest {
  @Test
  void itIsTheMachineThatJavaRunsOn() {
    Host host = Host.look().orElseThrow();
    assertThat(host.processor()).isNotBlank();
    assertThat(host.cores()).isBetween(1, host.processors());
    assertThat(host.processors())
        .isGreaterThanOrEqualTo(Runtime.getRuntime().availableProcessors());
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    // In a container Java tells the container's memory, which is no more than the machine's.
    assertThat(host.memoryBytes()).isGreaterThanOrEqualTo(system.getTotalMemorySize());
    assertThat(host.availableBytes()).isBetween(1L, host.memoryBytes());
    assertThat(host.disks()).allMatch(d -> d.bytes() > 0 && !d.name().contains("/"));
  }
}
