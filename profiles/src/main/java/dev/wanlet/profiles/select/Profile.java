// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import dev.wanlet.profiles.device.DeviceSpecs;
import dev.wanlet.wan.catalog.RequestException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * How a person trades quality for time. Immutable.
 *
 * @param name what people choose it by
 * @param title what it is for, in a few words
 * @param largestPixels most pixels of a frame
 * @param stepsShare sampling steps, as a share of what the model's authors recommend, above 0 to 1
 * @param seconds length of clip that is aimed at, above 0 to 16
 * @param patienceMinutes time a clip may take before size, length or steps are given up; null for
 *     any
 * @param memoryGib memory of the card that clips shall fit; null for what is there
 */
public record Profile(
    String name,
    String title,
    long largestPixels,
    double stepsShare,
    double seconds,
    Double patienceMinutes,
    Double memoryGib) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]*");
  private static final long FEWEST_PIXELS = 1024;
  private static final long MOST_PIXELS = 1L << 24;
  private static final double MOST_GIB = 1024;
  private static final double LONGEST_SECONDS = 16;

  public Profile {
    require(
        name != null && NAME.matcher(name).matches() && !name.equals(Profiles.AUTO),
        "name",
        "lower-case letters, digits and -, but not auto",
        name);
    require(title != null && !title.isBlank(), "title", "a few words", title);
    require(
        largestPixels >= FEWEST_PIXELS && largestPixels <= MOST_PIXELS,
        "largestPixels",
        "1024 to 16777216",
        largestPixels);
    require(stepsShare > 0 && stepsShare <= 1, "stepsShare", "above 0, to 1", stepsShare);
    require(seconds >= 0.1 && seconds <= LONGEST_SECONDS, "seconds", "0.1 to 16", seconds);
    require(
        patienceMinutes == null || patienceMinutes > 0,
        "patienceMinutes",
        "above 0, or none",
        patienceMinutes);
    require(
        memoryGib == null || (memoryGib >= 1 && memoryGib <= MOST_GIB),
        "memoryGib",
        "1 to 1024, or none",
        memoryGib);
  }

  private static void require(boolean good, String key, String expected, Object got) {
    if (!good) {
      throw new WrongValue(key, "'" + key + "' is " + got + "; expected " + expected);
    }
  }

  /** A value that a profile cannot have. */
  static final class WrongValue extends RequestException {
    private static final long serialVersionUID = 1L;

    private final String key;

    WrongValue(String key, String message) {
      super(message);
      this.key = key;
    }

    String key() {
      return key;
    }
  }

  /** Device memory that a run may take; empty for all that is free. */
  public OptionalLong deviceBytes() {
    return memoryGib == null
        ? OptionalLong.empty()
        : OptionalLong.of(DeviceSpecs.usableBytes((long) (memoryGib * (1L << 30))));
  }

  /** Its values by the names that its file has, in their order. */
  public Map<String, Object> values() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("name", name);
    values.put("title", title);
    values.put("largestPixels", largestPixels);
    values.put("stepsShare", stepsShare);
    values.put("seconds", seconds);
    if (patienceMinutes != null) {
      values.put("patienceMinutes", patienceMinutes);
    }
    if (memoryGib != null) {
      values.put("memoryGib", memoryGib);
    }
    return values;
  }

  /** Seconds a clip may take before something is given up; infinite if it may take any time. */
  public double patienceSeconds() {
    return patienceMinutes == null ? Double.POSITIVE_INFINITY : 60 * patienceMinutes;
  }
}
