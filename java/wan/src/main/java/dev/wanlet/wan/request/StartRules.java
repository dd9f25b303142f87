// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.model.transformer.WanVariant;
import dev.wanlet.wan.sampling.FlowSchedule;
import java.math.BigDecimal;

/**
 * Rules of clips that are made over from a picture or a video, and how many steps that takes.
 * Stateless.
 */
final class StartRules {
  /** What rounding takes from a count of steps. */
  private static final double SLACK = 1e-6;

  private StartRules() {}

  /** Whether a picture or video is to be made over. */
  static boolean isGiven(SettingValues given) {
    return given.find(Settings.STRENGTH).isPresent() || given.find(Settings.INIT_VIDEO).isPresent();
  }

  static void video(Decisions d) {
    requireText(d, Settings.INIT_VIDEO);
    if (d.given(Settings.INIT_IMG).isPresent()) {
      throw new RequestException(
          Settings.INIT_VIDEO.option()
              + " and "
              + Settings.INIT_IMG.option()
              + " were both given; a clip is made over from one of them");
    }
  }

  static void strength(Decisions d, double value) {
    requireText(d, Settings.STRENGTH);
    if (d.find(Settings.INIT_VIDEO).isEmpty() && d.find(Settings.INIT_IMG).isEmpty()) {
      throw new RequestException(
          Settings.STRENGTH.option()
              + " says how much of a picture or video is made anew, and none was given; name one"
              + " with "
              + Settings.INIT_IMG.option()
              + " or "
              + Settings.INIT_VIDEO.option());
    }
    if (!(value > 0 && value <= 1)) {
      throw new RequestException(
          Settings.STRENGTH.option()
              + " "
              + value
              + "; expected more than 0 and at most 1, such as 0.6");
    }
  }

  private static void requireText(Decisions d, Setting<?> setting) {
    WanVariant variant = d.model().transformer().variant();
    if (variant.leastPictures() > 0 || variant.takesControl()) {
      throw new RequestException(
          setting.option()
              + " is for models that make clips from a prompt alone, and "
              + d.model().name()
              + (variant.takesControl()
                  ? " takes videos otherwise: " + Settings.CONTROL_VIDEO.option()
                  : " begins with a picture; leave it out"));
    }
  }

  /**
   * The steps that run: of all of them the last share, rounded down.
   *
   * <p>Source: diffusers pipelines/wan/pipeline_wan_video2video.py, {@code get_timesteps}.
   */
  static FlowSchedule cut(FlowSchedule whole, double strength) {
    int steps = (int) (whole.steps() * strength + SLACK);
    if (steps < 1) {
      throw new RequestException(
          String.format(
              "%s %s of %d steps leaves none; give at least %s",
              Settings.STRENGTH.option(),
              BigDecimal.valueOf(strength).stripTrailingZeros().toPlainString(),
              whole.steps(),
              Math.ceil(1000.0 / whole.steps()) / 1000));
    }
    return whole.last(steps);
  }
}
