// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.SettingType;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.TypeConversionException;

/** The flags of settings, made from the table of {@link Settings}. Stateless. */
public final class SettingFlags {
  private SettingFlags() {}

  /** A mixin with the flags of one section. */
  public static CommandSpec of(Setting.Section section) {
    return of(Settings.TABLE.listed(section));
  }

  /** A mixin with the flags of the given settings, in their order. */
  public static CommandSpec of(List<Setting<?>> settings) {
    CommandSpec mixin = CommandSpec.create();
    settings.forEach(setting -> mixin.addOption(option(setting)));
    return mixin;
  }

  private static OptionSpec option(Setting<?> setting) {
    OptionSpec.Builder option = OptionSpec.builder(setting.flags().toArray(String[]::new));
    if (setting.type().isRepeatable()) {
      option.type(List.class).auxiliaryTypes(setting.type().javaType());
    } else {
      option.type(setting.type().javaType());
    }
    return option
        .converters(converter(setting.type()))
        .paramLabel(setting.label())
        .description(setting.help())
        .userObject(setting)
        .build();
  }

  private static ITypeConverter<?> converter(SettingType<?> type) {
    return text -> {
      try {
        return type.parser().apply(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    };
  }

  /** What the user gave, of the settings of some mixins; valid once the command line is parsed. */
  public static SettingValues given(CommandSpec... mixins) {
    SettingValues values = SettingValues.NONE;
    for (CommandSpec mixin : mixins) {
      for (OptionSpec option : mixin.options()) {
        values = with(values, (Setting<?>) option.userObject(), option.getValue());
      }
    }
    return values;
  }

  private static <T> SettingValues with(SettingValues values, Setting<T> setting, Object value) {
    if (setting.type().isRepeatable() && value instanceof List<?> several) {
      T all =
          several.stream()
              .map(setting.type().javaType()::cast)
              .reduce(setting.type().joined())
              .orElse(null);
      return values.with(setting, all);
    }
    return values.with(setting, setting.type().javaType().cast(value));
  }
}
