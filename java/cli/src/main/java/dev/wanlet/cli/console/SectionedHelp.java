// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * Lists options in sections: those of a mixin under its name, all others first. (Picocli's own
 * groups have headings too, but take an option given twice for a second group, and forget the first
 * one's other options.) Stateless.
 */
public final class SectionedHelp implements IHelpSectionRenderer {
  private static final String STANDARD = "mixinStandardHelpOptions";

  private SectionedHelp() {}

  /** Shows the options of all commands below this line so. */
  public static void install(CommandLine line) {
    line.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, new SectionedHelp());
    line.getSubcommands().values().forEach(SectionedHelp::install);
  }

  @Override
  public String render(Help help) {
    CommandSpec spec = help.commandSpec();
    Map<String, List<OptionSpec>> sections = new LinkedHashMap<>();
    List<OptionSpec> others = new ArrayList<>(spec.options());
    named(spec)
        .forEach(
            (name, mixin) ->
                sections.put(
                    name,
                    mixin.options().stream()
                        .map(o -> spec.findOption(o.longestName()))
                        .filter(others::remove)
                        .toList()));
    StringBuilder text = new StringBuilder(list(help, others));
    sections.forEach(
        (name, options) ->
            text.append(System.lineSeparator())
                .append(name)
                .append(':')
                .append(System.lineSeparator())
                .append(list(help, options)));
    return text.toString();
  }

  // A mixin of mixins is no section of its own, but those of its parts.
  private static Map<String, CommandSpec> named(CommandSpec spec) {
    Map<String, CommandSpec> sections = new LinkedHashMap<>();
    spec.mixins()
        .forEach(
            (name, mixin) -> {
              if (!mixin.mixins().isEmpty()) {
                sections.putAll(named(mixin));
              } else if (!name.equals(STANDARD)) {
                sections.put(name, mixin);
              }
            });
    return sections;
  }

  private static String list(Help help, List<OptionSpec> options) {
    Help.Layout layout = help.createDefaultLayout();
    layout.addOptions(options, help.parameterLabelRenderer());
    return layout.toString();
  }
}
