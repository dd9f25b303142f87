// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;

/** Between frames and the pictures of javax.imageio. Stateless. */
public final class Images {
  public static final int BUFFER_TYPE = BufferedImage.TYPE_3BYTE_BGR;

  private Images() {}

  public static BufferedImage toBufferedImage(RgbFrame frame) {
    BufferedImage image = new BufferedImage(frame.width(), frame.height(), BUFFER_TYPE);
    byte[] bgr = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    byte[] rgb = frame.rgb24();
    for (int i = 0; i < bgr.length; i += 3) {
      bgr[i] = rgb[i + 2];
      bgr[i + 1] = rgb[i + 1];
      bgr[i + 2] = rgb[i];
    }
    return image;
  }
}
