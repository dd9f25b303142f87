// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What somebody wants of a clip, as far as they said. What is set in {@code given} is kept; the
 * rest adapts. Immutable.
 *
 * @param profile how to trade quality for time
 * @param aspect of the frame; empty: that of the size given, else the model's own
 * @param seconds length of the clip, 0.1 to 16; empty: the frames given, else the profile's
 * @param limit most time the clip may take; empty: the profile's patience, which is no refusal
 * @param given settings that stand
 */
public record Wish(
    Profile profile,
    Optional<Aspect> aspect,
    OptionalDouble seconds,
    Optional<Duration> limit,
    SettingValues given) {
  private static final double SHORTEST = 0.1;
  private static final double LONGEST = 16;

  public Wish {
    if (seconds.isPresent()
        && !(seconds.getAsDouble() >= SHORTEST && seconds.getAsDouble() <= LONGEST)) {
      throw new RequestException(
          "a duration of " + seconds.getAsDouble() + " s; expected 0.1 to 16 s");
    }
    if (limit.isPresent() && (limit.get().isNegative() || limit.get().isZero())) {
      throw new RequestException("a time limit of nothing; expected such as 20m or 1h30m");
    }
    if (seconds.isPresent() && given.find(Settings.FRAMES).isPresent()) {
      throw new RequestException(
          "both a duration and a number of frames were given; leave one out");
    }
    boolean bothSides =
        given.find(Settings.WIDTH).isPresent() && given.find(Settings.HEIGHT).isPresent();
    if (aspect.isPresent() && (bothSides || given.find(Settings.SIZE).isPresent())) {
      throw new RequestException("both an aspect and a size were given; leave one out");
    }
  }

  /** The same wish, with other settings that stand. */
  Wish with(SettingValues others) {
    return new Wish(profile, aspect, seconds, limit, others);
  }

  /** The same wish without its length and its limit of time. */
  Wish ofAnyLength() {
    return new Wish(profile, aspect, OptionalDouble.empty(), Optional.empty(), given);
  }

  /** Frames a second of the clip. */
  double fps(ModelDefaults model) {
    return given.find(Settings.FPS).orElse(model.fps());
  }

  /** The frames to aim at, 4n+1. */
  int frames(ModelDefaults model) {
    if (given.find(Settings.FRAMES).isPresent()) {
      return given.find(Settings.FRAMES).get();
    }
    int stride = model.vae().temporalStride();
    double wanted = seconds.orElse(Math.min(profile.seconds(), model.frames() / model.fps()));
    return (int) Math.max(0, Math.round(wanted * fps(model) / stride)) * stride + 1;
  }

  /** Most seconds the clip may take before something is given up. */
  public double patienceSeconds() {
    return limit.map(d -> d.toMillis() / 1e3).orElse(profile.patienceSeconds());
  }
}
