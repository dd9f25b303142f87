// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.sampling;

import dev.wanlet.wan.quality.ShapeScore;
import java.util.List;

/** A fixed sequence of prompts that the demo model knows. Stateless. */
public final class DemoPrompts {
  /** A spinning circle cannot be told from one that stands still. */
  private static final List<String> MOTIONS =
      ShapeScore.motions().stream().filter(m -> !m.equals("spinning")).toList();

  private static final List<String> TURNING =
      ShapeScore.shapes().stream().filter(s -> !s.equals("circle")).toList();

  private DemoPrompts() {}

  /** Every colour, shape and background once in four to eight prompts. */
  public static String prompt(int i) {
    return String.format(
        "a %s %s %s on a %s background",
        at(ShapeScore.colours(), i),
        at(ShapeScore.shapes(), i + i / 4),
        at(MOTIONS, i),
        at(ShapeScore.backgrounds(), i + i / 3));
  }

  /** The same of shapes that show that they spin. */
  public static String spinning(int i) {
    return String.format(
        "a %s %s spinning on a %s background",
        at(ShapeScore.colours(), i), at(TURNING, i), at(ShapeScore.backgrounds(), i + i / 3));
  }

  private static String at(List<String> words, int i) {
    return words.get(i % words.size());
  }
}
