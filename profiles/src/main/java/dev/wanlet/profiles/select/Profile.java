// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.wanlet.wan.catalog.RequestException;
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
 */
public record Profile(
    @JsonProperty(required = true) String name,
    @JsonProperty(required = true) String title,
    @JsonProperty(required = true) long largestPixels,
    @JsonProperty(required = true) double stepsShare,
    @JsonProperty(required = true) double seconds,
    Double patienceMinutes) {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*");
  private static final long FEWEST_PIXELS = 1024;
  private static final double LONGEST_SECONDS = 16;

  public Profile {
    require(name != null && NAME.matcher(name).matches(), "name", "lower-case letters", name);
    require(title != null && !title.isBlank(), "title", "a few words", title);
    require(largestPixels >= FEWEST_PIXELS, "largestPixels", "1024 or more", largestPixels);
    require(stepsShare > 0 && stepsShare <= 1, "stepsShare", "above 0, to 1", stepsShare);
    require(seconds >= 0.1 && seconds <= LONGEST_SECONDS, "seconds", "0.1 to 16", seconds);
    require(
        patienceMinutes == null || patienceMinutes > 0,
        "patienceMinutes",
        "above 0, or none",
        patienceMinutes);
  }

  private static void require(boolean good, String what, String expected, Object got) {
    if (!good) {
      throw new RequestException("a profile's " + what + " is " + got + "; expected " + expected);
    }
  }

  /** Seconds a clip may take before something is given up; infinite if it may take any time. */
  public double patienceSeconds() {
    return patienceMinutes == null ? Double.POSITIVE_INFINITY : 60 * patienceMinutes;
  }
}
