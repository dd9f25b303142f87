// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.cli.CommandRun;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.Setting.Section;
import dev.wanlet.wan.request.SettingType;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

class SettingFlagsTest {
  private static final Setting<Integer> JITTER =
      Setting.of("jitter", SettingType.INTEGER, Section.SAMPLING)
          .alias("-j")
          .help("PIXELS", "How far frames are moved.")
          .build();

  private final CommandSpec sampling =
      SettingFlags.of(Settings.TABLE.with(JITTER).listed(Section.SAMPLING));
  private final CommandSpec compute = SettingFlags.of(Section.COMPUTE);
  private final CommandLine line =
      new CommandLine(
          CommandSpec.create().addMixin("Sampling", sampling).addMixin("Memory", compute));

  private SettingValues parse(String... args) {
    line.parseArgs(args);
    return SettingFlags.given(sampling, compute);
  }

  @Test
  void aNewSettingIsAFlagWithHelp() {
    assertThat(parse("-j", "3").find(JITTER)).contains(3);
    assertThat(parse("--jitter=4").find(JITTER)).contains(4);
    assertThat(line.getUsageMessage()).contains("-j, --jitter=PIXELS", "How far frames are moved.");
    assertThatThrownBy(() -> parse("--jitter", "far"))
        .isInstanceOf(ParameterException.class)
        .hasMessage("Invalid value for option '--jitter': 'far' is not an int");
  }

  @Test
  void onlyWhatWasGivenHasAValue() {
    SettingValues values = parse("--steps", "4", "--vram", "6GiB", "--ram", "auto");
    assertThat(values.find(Settings.STEPS)).contains(4);
    assertThat(values.find(Settings.VRAM)).contains(new ByteSize(6L << 30));
    assertThat(values.find(Settings.RAM)).isEmpty();
    assertThat(values.find(Settings.FLOW_SHIFT)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "generate, CLIP MODEL SAMPLING COMPUTE,",
    "plan, CLIP MODEL SAMPLING COMPUTE,",
    "resume, COMPUTE,",
    "imatrix, MODEL, lora tae" // it measures the checkpoint as it is, and makes no frames
  })
  void commandsOfferTheSettingsOfTheirSections(String command, String sections, String without) {
    String help = CommandRun.of(command, "--help").out();
    List<String> missing = without == null ? List.of() : List.of(without.split(" "));
    for (String section : sections.split(" ")) {
      for (Setting<?> setting : Settings.TABLE.listed(Section.valueOf(section))) {
        if (missing.contains(setting.name())) {
          assertThat(help).doesNotContain(setting.flags());
        } else {
          assertThat(help).contains(setting.flags());
        }
      }
    }
  }
}
