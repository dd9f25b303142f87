// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.generate.GenerateCommand;
import dev.wanlet.ggml.DeviceMemoryException;
import dev.wanlet.wan.catalog.ModelFilesException;
import dev.wanlet.wan.catalog.ModelPart;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

class RemediesTest {
  @ParameterizedTest
  @EnumSource
  void everyPartHasItsFlag(ModelPart part) {
    String flag = "--" + part.setting();
    assertThat(Remedies.of(new ModelFilesException("missing", part, null)))
        .isEqualTo(" (" + flag + " FILE)");
    CommandLine generate = new CommandLine(new GenerateCommand());
    assertThat(generate.getCommandSpec().optionsMap()).containsKey(flag);
  }

  @Test
  void fullDevicesAskForABudget() {
    assertThat(Remedies.of(new DeviceMemoryException("CPU", 10, 5))).isEqualTo(" (--vram SIZE)");
    assertThat(Remedies.of(new IllegalArgumentException("no"))).isEmpty();
    assertThat(Remedies.of(new ModelFilesException("no remedy"))).isEmpty();
  }
}
