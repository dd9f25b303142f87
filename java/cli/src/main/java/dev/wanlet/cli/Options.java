// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import java.util.function.Consumer;

/** Small helps for options. Stateless. */
final class Options {
  private Options() {}

  /** Uses a value that the user gave. */
  static <T> void ifGiven(T value, Consumer<T> use) {
    if (value != null) {
      use.accept(value);
    }
  }
}
