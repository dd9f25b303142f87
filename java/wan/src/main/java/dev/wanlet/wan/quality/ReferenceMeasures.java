// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

import dev.wanlet.wan.media.RgbFrame;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A clip against another of the same size, frame by frame. Confined to one thread.
 *
 * <p>PSNR is that of the mean squared error over all frames and the three channels of RGB; {@link
 * Double#POSITIVE_INFINITY} where no value differs.
 */
public final class ReferenceMeasures {
  private final Ssim ssim = new Ssim();
  private final VmafMotion motion = new VmafMotion();
  private final VmafMotion referenceMotion = new VmafMotion();
  private double squares;
  private long count;

  /** What each value is, by id. */
  public static Map<String, String> methods() {
    Map<String, String> methods = new LinkedHashMap<>();
    methods.put("psnr", "peak signal to noise, dB of the mean squared error of RGB of all frames");
    methods.put("ssim", "structural similarity of luma (Wang 2004), mean over frames");
    methods.put("vmaf_motion", "VMAF's motion: difference of blurred luma, mean over frames");
    methods.put("vmaf_motion_reference", "the same of the reference");
    return methods;
  }

  /** Takes the next frame of the clip and of its reference. */
  public void accept(RgbFrame frame, RgbFrame reference) {
    byte[] a = frame.rgb24();
    byte[] b = reference.rgb24();
    long sum = 0;
    for (int i = 0; i < a.length; i++) {
      int d = (a[i] & 0xff) - (b[i] & 0xff);
      sum += (long) d * d;
    }
    squares += sum;
    count += a.length;
    ssim.accept(LumaPlane.of(frame), LumaPlane.of(reference));
    motion.accept(LumaPlane.of(frame));
    referenceMotion.accept(LumaPlane.of(reference));
  }

  /** Value by id; after at least one frame. */
  public Map<String, Double> values() {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("psnr", 10 * Math.log10(255.0 * 255.0 * count / squares));
    values.put("ssim", ssim.value());
    values.put("vmaf_motion", motion.value());
    values.put("vmaf_motion_reference", referenceMotion.value());
    return values;
  }
}
