// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import java.math.BigDecimal;
import java.util.List;

/** What a model with a control branch can be asked for, each check with its message. Stateless. */
final class ControlRules {
  /** As of a picture. */
  private static final int LONGEST_SIDE = 16_384;

  private static final double MOST_STRENGTH = 2;

  private ControlRules() {}

  static RequestException takesNoControl(ModelDefaults model, String what) {
    List<String> ids =
        ModelCatalog.standard().models().stream()
            .filter(m -> m.isRunnable() && m.transformer().variant().takesControl())
            .map(ModelDefaults::id)
            .toList();
    return new RequestException(
        what
            + " was given, but "
            + model.name()
            + " has no control branch; leave it out, or take a model that has one: "
            + String.join(", ", ids));
  }

  static void mask(Decisions d) {
    if (d.find(Settings.CONTROL_VIDEO).isEmpty()) {
      throw new RequestException(
          "a mask was given, but no control video; name that with "
              + Settings.CONTROL_VIDEO.option());
    }
  }

  static void maskFill(Decisions d) {
    if (d.find(Settings.CONTROL_MASK).isEmpty()) {
      throw new RequestException(
          Settings.MASK_FILL.option()
              + " says what is shown under a mask, and none was given; name one with "
              + Settings.CONTROL_MASK.option()
              + ", or leave it out");
    }
  }

  static void extended(Decisions d) {
    if (d.find(Settings.CONTROL_VIDEO).isPresent()) {
      throw new RequestException(
          "a control video and a video to extend were both given; leave out "
              + Settings.CONTROL_VIDEO.option()
              + " or "
              + Settings.EXTEND.option());
    }
    int least = 1 + d.model().vae().temporalStride();
    if (d.get(Settings.FRAMES) < least) {
      throw new RequestException(
          "a clip of one frame cannot extend another; take at least " + least + " frames");
    }
  }

  static void overlap(Decisions d, int frames) {
    if (d.find(Settings.EXTEND).isEmpty()) {
      throw new RequestException(
          Settings.EXTEND_FRAMES.option()
              + " says how many frames of a video the clip begins with, and none was given; name it"
              + " with "
              + Settings.EXTEND.option()
              + ", or leave it out");
    }
    int stride = d.model().vae().temporalStride();
    int most = d.get(Settings.FRAMES) - stride;
    if (frames < 1 || frames > most || (frames - 1) % stride != 0) {
      throw new RequestException(
          String.format(
              "%s %d; expected %dn+1 frames, from 1 to %d for a clip of %d",
              Settings.EXTEND_FRAMES.option(), frames, stride, most, d.get(Settings.FRAMES)));
    }
  }

  static void margins(Decisions d, Margins margins) {
    if (d.find(Settings.CONTROL_VIDEO).or(() -> d.find(Settings.EXTEND)).isEmpty()) {
      throw new RequestException(
          "margins were given, but nothing that they are around; name a video with "
              + Settings.CONTROL_VIDEO.option()
              + " or "
              + Settings.EXTEND.option());
    }
    if (margins.isNone()) {
      throw new RequestException(
          Settings.EXPAND.option()
              + " "
              + margins
              + "; expected at least one margin above 0, such as 160,0,160,0");
    }
    FrameSize around = margins.around(new FrameSize(1, 1));
    if (Math.max(around.width(), around.height()) > LONGEST_SIDE) {
      throw new RequestException(
          Settings.EXPAND.option()
              + " "
              + margins
              + "; expected margins of at most "
              + LONGEST_SIDE
              + " pixels together in one direction");
    }
  }

  static void references(Decisions d, FileList references) {
    d.rules().positions(d.get(Settings.FRAMES), references.files().size());
  }

  static void strength(double value) {
    if (!(value >= 0 && value <= MOST_STRENGTH)) {
      throw new RequestException(
          Settings.CONTROL_STRENGTH.option()
              + " "
              + (Double.isFinite(value)
                  ? BigDecimal.valueOf(value).stripTrailingZeros().toPlainString()
                  : Double.toString(value))
              + "; expected 0 to 2, such as 1");
    }
  }
}
