// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.base.Printable;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.model.transformer.WanVariant;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.cache.CacheKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * A clip in full that is made over from the frames of its draft. Immutable.
 *
 * @param flag that asks for it, for messages
 * @param file the draft, or the first of its pictures
 * @param frames of the draft
 * @param model that makes the clip
 * @param own what the user gives beside
 * @param hasDuration whether that says how long the clip is to be
 */
record DraftStart(
    String flag,
    Path file,
    int frames,
    ModelDefaults model,
    SettingValues own,
    boolean hasDuration) {
  private static final Pattern PICTURE =
      Pattern.compile(".*\\.(png|jpe?g|webp)", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  /**
   * How much of a draft is made anew. Measured in bench/results/2026-11-27-from-draft.md: with less
   * a clip keeps more of what the draft has wrong, with more it moves away from the draft and shows
   * what the prompt names hardly more often.
   */
  static final double STRENGTH = 0.6;

  /**
   * The settings of the clip.
   *
   * @param drafted those of the draft that stay
   * @param tell hears of what is left out
   * @throws RequestException if a clip cannot be made so
   */
  SettingValues settings(SettingValues drafted, Consumer<String> tell) {
    refuseOtherStarts();
    refuseOtherModels();
    boolean picture = PICTURE.matcher(file.toString()).matches();
    if (picture && frames > 1) {
      throw new RequestException(
          String.format(
              Locale.ROOT,
              "%s is one picture of %d, and %s reads a video, a GIF or a single picture; copy the"
                  + " pictures to a folder of their own, and give %s FOLDER %s %s in place of %s",
              file,
              frames,
              flag,
              Settings.INIT_VIDEO.option(),
              Settings.STRENGTH.option(),
              STRENGTH,
              flag));
    }
    SettingValues values = withoutTableCache(withoutStart(drafted, tell), tell);
    values = values.with(picture ? Settings.INIT_IMG : Settings.INIT_VIDEO, file);
    values = values.with(Settings.STRENGTH, STRENGTH);
    // At another rate the draft is taken by its clock, and what is then shown says how long.
    boolean ownLength = hasDuration || own.find(Settings.FPS).isPresent();
    return ownLength ? values : values.with(Settings.FRAMES, frames);
  }

  private void refuseOtherStarts() {
    for (Setting<?> other : List.of(Settings.INIT_VIDEO, Settings.INIT_IMG)) {
      if (own.find(other).isPresent()) {
        throw new RequestException(
            flag
                + " and "
                + other.option()
                + " were both given; a clip is made over from one of them");
      }
    }
  }

  private void refuseOtherModels() {
    WanVariant variant = model.transformer().variant();
    if (variant.takesControl() || variant.leastPictures() > 0) {
      throw new RequestException(
          String.format(
              "%s is for models that make clips from a prompt alone, and %s %s, also in full; leave"
                  + " it out",
              flag,
              model.name(),
              variant.takesControl()
                  ? "goes by the video and pictures that the draft was given"
                  : "begins with the draft's picture"));
    }
  }

  /** The draft takes the place of what it was itself made over from. */
  private SettingValues withoutStart(SettingValues drafted, Consumer<String> tell) {
    Optional<Path> before =
        drafted.find(Settings.INIT_VIDEO).or(() -> drafted.find(Settings.INIT_IMG));
    if (before.isEmpty()) {
      return drafted;
    }
    if (drafted.find(Settings.STRENGTH).isEmpty()) {
      throw new RequestException(
          String.format(
              "the draft begins with the picture %s, as its clip in full does without %s; it cannot"
                  + " be made over from the draft too: leave %s out",
              before.get().getFileName(), flag, flag));
    }
    tell.accept(
        "the draft was made over from "
            + Printable.text(before.get().getFileName())
            + "; the clip is made over from the draft alone");
    return drafted
        .with(Settings.INIT_VIDEO, null)
        .with(Settings.INIT_IMG, null)
        .with(Settings.FIT, null);
  }

  /** Tables are of runs that begin with noise alone. */
  private SettingValues withoutTableCache(SettingValues drafted, Consumer<String> tell) {
    Optional<CacheKind> cache = drafted.find(Settings.CACHE).filter(kind -> kind != CacheKind.EASY);
    if (cache.isEmpty() || own.find(Settings.CACHE).isPresent()) {
      return drafted;
    }
    tell.accept(
        "the draft's step cache "
            + cache.get().id()
            + " is left out: its table is of runs that begin with noise alone");
    return drafted
        .with(Settings.CACHE, null)
        .with(Settings.CACHE_THRESHOLD, null)
        .with(Settings.CACHE_TABLE, null);
  }
}
