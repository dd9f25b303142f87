// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.cli.options.SettingFlags;
import dev.wanlet.wan.request.Setting.Section;
import dev.wanlet.wan.request.SettingValues;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;

/** The flags of a clip's settings, section by section. */
final class ClipFlags {
  @Mixin(name = "Clip")
  private CommandSpec clip = SettingFlags.of(Section.CLIP);

  @Mixin(name = "Model")
  private CommandSpec model = SettingFlags.of(Section.MODEL);

  @Mixin(name = "Sampling")
  private CommandSpec sampling = SettingFlags.of(Section.SAMPLING);

  @Mixin(name = "Device and memory")
  private CommandSpec compute = SettingFlags.of(Section.COMPUTE);

  /** What the user gave; valid once the command line is parsed. */
  SettingValues given() {
    return SettingFlags.given(clip, model, sampling, compute);
  }
}
