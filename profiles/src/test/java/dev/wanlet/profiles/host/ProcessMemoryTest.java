// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.host;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class ProcessMemoryTest {
  @Test
  void ownMemoryIsToldApartFromMappedFiles() {
    String status = "VmRSS:\t  900 kB\nRssAnon:\t     700 kB\nRssFile:\t     200 kB\n";
    assertThat(ProcessMemory.own(status)).hasValue(700 * 1024);
    assertThat(ProcessMemory.own("VmRSS:\t  900 kB\n")).as("a system that does not").isEmpty();
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "elsewhere nothing is told")
  void thisProcessHoldsSomeOfTheMachine() {
    long machine = Host.look().orElseThrow().memoryBytes();
    assertThat(ProcessMemory.ownBytes().orElseThrow()).isBetween(1L << 20, machine);
  }
}
