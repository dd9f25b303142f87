// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * What was chosen, and why. Immutable.
 *
 * @param candidate what was chosen
 * @param reasons what was given up and why, a line each
 * @param deviceBytes device memory that the profile leaves it; empty for what the machine has
 */
public record Choice(Candidate candidate, List<String> reasons, OptionalLong deviceBytes) {
  public Choice {
    reasons = List.copyOf(reasons);
  }

  /**
   * What was chosen, as settings of a clip; the model is not among them.
   *
   * @param given what the user said, which stays as it is
   */
  public SettingValues settings(SettingValues given) {
    RunPlanner.Job job = candidate.job();
    SettingValues base = candidate.way().isOwn() ? given : candidate.way().settings();
    SettingValues chosen = settings(base, job.size(), job.frames(), candidate.steps());
    return deviceBytes.isPresent() && given.find(Settings.VRAM).isEmpty()
        ? chosen.with(Settings.VRAM, new ByteSize(deviceBytes.getAsLong()))
        : chosen;
  }

  /** What was given, with the rest filled in. A size that was given stays as it was written. */
  static SettingValues settings(SettingValues given, FrameSize size, int frames, int steps) {
    SettingValues sized =
        given.find(Settings.SIZE).isPresent()
            ? given
            : given.with(Settings.WIDTH, size.width()).with(Settings.HEIGHT, size.height());
    return sized.with(Settings.FRAMES, frames).with(Settings.STEPS, steps);
  }

  /**
   * What is worth knowing of a clip that differs from what the model was trained at, a line each.
   *
   * @param given what the user said
   */
  public List<String> notes(SettingValues given) {
    ModelDefaults model = candidate.model();
    List<String> notes = new ArrayList<>();
    double fps = given.find(Settings.FPS).orElse(model.fps());
    if (fps != model.fps()) {
      notes.add(
          String.format(
              Locale.ROOT,
              "at %s frames a second motion runs %.2g times as fast as the model's own %s",
              number(fps),
              fps / model.fps(),
              number(model.fps())));
    }
    if (candidate.job().frames() > model.frames()) {
      notes.add(
          String.format(
              Locale.ROOT,
              "%d frames are more than the %d the model was trained at; motion may repeat or stall",
              candidate.job().frames(),
              model.frames()));
    }
    return notes;
  }

  private static String number(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }

  /** One line: model, size, length, steps, and the time it is predicted to take. */
  public String line() {
    return Reasons.describe(candidate);
  }
}
