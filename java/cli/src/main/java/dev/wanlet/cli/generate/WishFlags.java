// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.profiles.UserFolder;
import dev.wanlet.profiles.select.Aspect;
import dev.wanlet.profiles.select.Profiles;
import dev.wanlet.profiles.select.Wish;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.request.ControlSettings;
import dev.wanlet.wan.request.Decoder;
import dev.wanlet.wan.request.PictureSettings;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** Flags that say what a clip should be like, and leave the rest to the machine. */
final class WishFlags {
  private static final String DRAFT = "draft";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--profile",
      paramLabel = "NAME",
      description =
          "How to trade quality for time: draft, balanced, quality, one of your own, or auto"
              + " (default: auto, which is balanced, where neither size nor steps are given; the"
              + " demo model keeps its own).")
  private String profile;

  @Option(
      names = "--draft",
      description =
          "A first look: profile draft, and the small decoder of --tae if there is one. 'wanlet"
              + " finish' makes the clip in full.")
  private boolean draft;

  /** Of a draft that is to be made in full. */
  private Aspect drafted;

  private String unnamed;

  @Option(
      names = "--aspect",
      paramLabel = "W:H",
      description = "Shape of the frame: 16:9, 9:16, 1:1, 4:3, ... (default: the model's own).")
  private String aspect;

  @Option(
      names = "--duration",
      paramLabel = "SECONDS",
      description = "Length of the clip, 0.1 to 16 s (default: the profile's).")
  private String duration;

  @Option(
      names = "--time-limit",
      paramLabel = "TIME",
      description =
          "Most time the clip may take, such as 20m or 1h30m; what cannot end in time is refused.")
  private String timeLimit;

  @Option(
      names = "--explain",
      description = "Print all sizes, lengths and steps that are worth a choice, with their times.")
  private boolean explain;

  /** Flags with a profile alone; null for none. */
  static WishFlags ofProfile(String name) {
    WishFlags flags = new WishFlags();
    flags.profile = name;
    return flags;
  }

  /** Whether the user wished for anything. */
  boolean isGiven() {
    return draft
        || drafted != null
        || profile != null
        || aspect != null
        || duration != null
        || timeLimit != null
        || explain;
  }

  /** Whether the user says how long the clip is to be. */
  boolean hasDuration() {
    return duration != null;
  }

  boolean isDraft() {
    return draft;
  }

  /** What was given, and of a draft that its frames come from the small decoder there is. */
  SettingValues drafted(SettingValues given) {
    boolean small = given.find(Settings.TAE).isPresent();
    return draft && small && given.find(Settings.DECODER).isEmpty()
        ? given.with(Settings.DECODER, Decoder.TAE)
        : given;
  }

  /** What to wish for where the user names no profile and no shape. */
  void unless(String profileName, Aspect shape) {
    unnamed = profileName;
    drafted = shape;
  }

  /** Whether a step cache may be chosen: the user did not say {@code --cache none}. */
  boolean leavesCacheOpen() {
    ParseResult parsed = command == null ? null : command.commandLine().getParseResult();
    return parsed == null || !parsed.hasMatchedOption(Settings.CACHE.option());
  }

  boolean explain() {
    return explain;
  }

  /**
   * The wish.
   *
   * @param ownSteps whether the model keeps its own steps unless a profile is named
   * @throws RequestException if a part of it cannot be
   * @throws IOException if a profile of the user cannot be read
   */
  Wish wish(SettingValues given, boolean ownSteps) throws IOException {
    if (draft && profile != null && !profile.equals(DRAFT)) {
      throw new RequestException("--draft and --profile " + profile + " contradict; give one");
    }
    String usual = ownSteps ? Profiles.FINEST : Profiles.DEFAULT;
    String other = draft ? DRAFT : unnamed == null ? usual : unnamed;
    return new Wish(
        profiles().require(profile == null ? other : profile),
        Optional.ofNullable(aspect)
            .map(Aspect::parse)
            .or(() -> ofPicture(given))
            .or(() -> ofDraft(given)),
        duration == null ? OptionalDouble.empty() : OptionalDouble.of(seconds(duration)),
        Optional.ofNullable(timeLimit).map(WishFlags::time),
        given);
  }

  /**
   * The shape of the picture or video that the clip begins with or goes by, if the size is open.
   */
  private static Optional<Aspect> ofPicture(SettingValues given) {
    boolean bothSides =
        given.find(Settings.WIDTH).isPresent() && given.find(Settings.HEIGHT).isPresent();
    return bothSides || given.find(Settings.SIZE).isPresent()
        ? Optional.empty()
        : given
            .find(Settings.INIT_IMG)
            .map(PictureSettings::size)
            .or(() -> ControlSettings.shape(given))
            .map(Aspect::nearest);
  }

  /** The shape of the draft, where the size is open. */
  private Optional<Aspect> ofDraft(SettingValues given) {
    boolean sized =
        given.find(Settings.SIZE).isPresent()
            || given.find(Settings.WIDTH).isPresent()
            || given.find(Settings.HEIGHT).isPresent();
    return sized ? Optional.empty() : Optional.ofNullable(drafted);
  }

  /** The profiles that come along, and those in the user's configuration folder. */
  static Profiles profiles() throws IOException {
    return Profiles.with(folder());
  }

  /** Where people keep profiles of their own. */
  static Path folder() {
    return UserFolder.of("profiles");
  }

  private static double seconds(String text) {
    try {
      return Double.parseDouble(text.strip().toLowerCase(Locale.ROOT).replaceAll("s$", ""));
    } catch (NumberFormatException e) {
      throw new RequestException(
          "'" + text + "' is not a duration; expected seconds, such as 5", e);
    }
  }

  private static Duration time(String text) {
    try {
      return Duration.parse("PT" + text.strip().toUpperCase(Locale.ROOT));
    } catch (DateTimeParseException e) {
      throw new RequestException(
          "'" + text + "' is not a time; expected such as 90s, 20m or 1h30m", e);
    }
  }
}
