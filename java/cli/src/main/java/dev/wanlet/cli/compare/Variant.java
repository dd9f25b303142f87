// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One way to make clips. Immutable.
 *
 * @param profile null where the profile is not varied
 * @param recipe null where the sampling recipe is not varied
 */
record Variant(String profile, String recipe) {
  /** Every profile with every recipe. */
  static List<Variant> of(List<String> profiles, List<String> recipes) {
    List<Variant> variants = new ArrayList<>();
    for (String profile : profiles.isEmpty() ? singleNull() : profiles) {
      for (String recipe : recipes.isEmpty() ? singleNull() : recipes) {
        variants.add(new Variant(profile, recipe));
      }
    }
    return variants;
  }

  private static List<String> singleNull() {
    List<String> list = new ArrayList<>();
    list.add(null);
    return list;
  }

  String name() {
    if (profile == null) {
      return recipe;
    }
    return recipe == null ? profile : profile + "+" + recipe;
  }

  /** Its name as file names may have it. */
  String fileName() {
    return name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.+_-]", "_");
  }

  /** Name of a clip's file without its extension. */
  String fileName(int prompt, long seed) {
    return fileName() + "-p" + prompt + "-s" + seed;
  }
}
