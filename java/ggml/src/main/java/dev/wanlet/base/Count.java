// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.base;

/** A number and what is counted, for people. Stateless. */
public final class Count {
  private Count() {}

  /** {@code 1 frame}, {@code 17 frames}; for nouns that take an s. */
  public static String of(long number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }
}
