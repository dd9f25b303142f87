// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.nn;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import java.util.List;

/**
 * A product of two narrow matrices beside a matrix, as adapters add it: y = W x + up (scale * (down
 * x)). The matrix itself stays as it is. Immutable.
 *
 * @param rank rows of the first and columns of the second
 * @param type both are computed in
 */
public record SidePath(int rank, TensorType type) {
  private static final String MARK = ".lora.";
  private static final String DOWN = ".down";
  private static final String UP = ".up";
  private static final String SCALE = ".scale";

  /** Operations that a path adds to a graph. */
  public static final int NODES = 4;

  /** The name of its first matrix [rank, in], for the path of that number beside a module. */
  static String down(String module, int number) {
    return module + MARK + number + DOWN;
  }

  /** The name of its second matrix [out, rank]. */
  static String up(String module, int number) {
    return module + MARK + number + UP;
  }

  /** The name of its scale [rank], the same number throughout. */
  static String scale(String module, int number) {
    return module + MARK + number + SCALE;
  }

  /** Its weights. */
  List<TensorSpec> specs(String module, int number, long out, long in) {
    return List.of(
        TensorSpec.of(down(module, number), type, rank, in),
        TensorSpec.of(up(module, number), type, out, rank),
        new TensorSpec(
            scale(module, number),
            TensorType.F32,
            Shape.of(rank),
            Shape.of(rank),
            TensorSpec.Transform.NONE));
  }

  /** How many paths a layout has. */
  public static int count(WeightLayout layout) {
    return (int)
        layout.specs().stream()
            .filter(s -> s.name().contains(MARK) && s.name().endsWith(UP))
            .count();
  }

  /**
   * What a weight of a path is, if its name is that of one.
   *
   * @param part one of {@link Part}
   */
  record Weight(String module, int number, Part part) {}

  /** The weights of a path. */
  enum Part {
    DOWN,
    UP,
    SCALE
  }

  /** Takes a weight's name apart; null if it is of no path. */
  static Weight weight(String name) {
    int mark = name.lastIndexOf(MARK);
    if (mark < 0) {
      return null;
    }
    int start = mark + MARK.length();
    int end = name.indexOf('.', start);
    Part part =
        switch (name.substring(end)) {
          case DOWN -> Part.DOWN;
          case UP -> Part.UP;
          default -> Part.SCALE;
        };
    return new Weight(name.substring(0, mark), Integer.parseInt(name.substring(start, end)), part);
  }
}
