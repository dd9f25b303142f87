// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import dev.wanlet.wan.media.RgbFrame;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * A clip held against another of the same size, frame by frame: PSNR, SSIM and the motion of both.
 * Give it frames of the same number together. Confined to one thread.
 */
public final class ReferenceMeasures {
  private final Psnr psnr = new Psnr();
  private final Ssim ssim = new Ssim();
  private final FrameMotion motion = new FrameMotion();
  private final FrameMotion referenceMotion = new FrameMotion();

  /** What each value is, by id, in the order of {@link #values}. */
  public static Map<String, String> methods() {
    Map<String, String> methods = new LinkedHashMap<>();
    methods.put(
        "psnr",
        "10 log10(255^2 / mean squared error over all frames, pixels and channels of RGB), in dB");
    methods.put(
        "ssim",
        "structural similarity of luma under an 11x11 Gaussian window of sigma 1.5 (Wang 2004),"
            + " mean over pixels and frames");
    methods.put(
        "motion",
        "mean absolute luma difference of neighbouring frames after a 5x5 binomial blur, in"
            + " levels");
    methods.put("motion_reference", "the same of the reference");
    return methods;
  }

  /**
   * Takes the next frame of the clip and of its reference.
   *
   * @throws IllegalArgumentException if they differ in size
   */
  public void accept(RgbFrame frame, RgbFrame reference) {
    if (frame.width() != reference.width() || frame.height() != reference.height()) {
      throw new IllegalArgumentException(
          String.format(
              "a frame of %dx%d pixels and a reference of %dx%d; expected one size",
              frame.width(), frame.height(), reference.width(), reference.height()));
    }
    Planes ours = Planes.of(frame);
    Planes theirs = Planes.of(reference);
    psnr.accept(frame, reference);
    ssim.accept(ours, theirs);
    motion.accept(ours);
    referenceMotion.accept(theirs);
  }

  /**
   * Value by id. PSNR is {@link Double#POSITIVE_INFINITY} where no pixel differs; empty is what the
   * clips have too few frames or too small pictures for.
   */
  public Map<String, OptionalDouble> values() {
    Map<String, OptionalDouble> values = new LinkedHashMap<>();
    values.put("psnr", psnr.value());
    values.put("ssim", ssim.value());
    values.put("motion", motion.value());
    values.put("motion_reference", referenceMotion.value());
    return values;
  }
}
