// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.SigmaList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The sizes, lengths and steps that are looked at for a model; where the user said what it shall
 * be, that alone. Immutable.
 */
record Grid(ModelDefaults model, Wish wish) {
  /** Areas that people choose: 720p, 576p, 480p, 360p, 272p. */
  private static final List<Long> AREAS = List.of(921_600L, 589_824L, 399_360L, 230_400L, 130_560L);

  /** Shares of the length that was aimed at. */
  private static final double[] LENGTHS = {1, 0.6, 0.4};

  private static final double[] WHOLE = {1};

  /** Shares of the recommended steps. */
  private static final double[] STEPS = {1, 0.8, 0.6, 0.5, 0.4, 0.3};

  /** Sizes of the aspect, the largest first: none above what the model was trained at. */
  Set<FrameSize> sizes() {
    Aspect aspect = wish.aspect().orElse(Aspect.of(model.size()));
    Optional<FrameSize> given = given(aspect);
    if (given.isPresent()) {
      return Set.of(given.get());
    }
    long largest = model.sizes().stream().mapToLong(FrameSize::pixels).max().orElseThrow();
    TreeSet<Long> areas = new TreeSet<>(Comparator.reverseOrder());
    AREAS.stream().filter(area -> area <= largest).forEach(areas::add);
    model.sizes().forEach(size -> areas.add(size.pixels()));
    long most = Math.max(areas.last(), wish.profile().largestPixels());
    Set<FrameSize> sizes = new LinkedHashSet<>();
    for (long area : areas) {
      if (area <= most) {
        sizes.add(aspect.size(area, model));
      }
    }
    return sizes;
  }

  /** The size that was given; a side alone is completed by the aspect. */
  private Optional<FrameSize> given(Aspect aspect) {
    Optional<FrameSize> size = wish.given().find(Settings.SIZE).map(FrameSize::parse);
    Optional<Integer> width = wish.given().find(Settings.WIDTH);
    Optional<Integer> height = wish.given().find(Settings.HEIGHT);
    if (size.isPresent() || (width.isEmpty() && height.isEmpty())) {
      return size;
    }
    return Optional.of(
        new FrameSize(
            width.orElseGet(() -> side(height.orElseThrow() * aspect.ratio())),
            height.orElseGet(() -> side(width.orElseThrow() / aspect.ratio()))));
  }

  private int side(double pixels) {
    int multiple = model.sizeMultiple();
    return (int) Math.max(1, Math.round(pixels / multiple)) * multiple;
  }

  /** Numbers of frames, 4n+1, the longest first. */
  Set<Integer> lengths() {
    Optional<Integer> given = wish.given().find(Settings.FRAMES);
    if (given.isPresent()) {
      return Set.of(given.get()); // whether it can be is checked with the other settings
    }
    int aimed = wish.frames(model);
    int stride = model.vae().temporalStride();
    Set<Integer> lengths = new LinkedHashSet<>();
    for (double share : wish.seconds().isPresent() ? WHOLE : LENGTHS) {
      lengths.add((int) Math.round((aimed - 1) * share / stride) * stride + 1);
    }
    return lengths;
  }

  /** Numbers of steps, the most first. */
  Set<Integer> steps() {
    Optional<Integer> given =
        wish.given()
            .find(Settings.SIGMAS)
            .map(SigmaList::steps)
            .or(() -> wish.given().find(Settings.STEPS));
    if (given.isPresent()) {
      return Set.of(given.get());
    }
    double most = wish.profile().stepsShare();
    Set<Integer> steps = new LinkedHashSet<>();
    steps.add(share(most));
    for (double share : STEPS) {
      if (share < most) {
        steps.add(share(share));
      }
    }
    return steps;
  }

  private int share(double share) {
    return (int) Math.max(1, Math.round(model.steps() * share));
  }
}
