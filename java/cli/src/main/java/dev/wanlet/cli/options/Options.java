// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import java.util.function.Consumer;

/** Small helps for options. Stateless. */
public final class Options {
  private Options() {}

  /** Uses a value that the user gave. */
  public static <T> void ifGiven(T value, Consumer<T> use) {
    if (value != null) {
      use.accept(value);
    }
  }
}
