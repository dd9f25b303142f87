// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.recipes;

import java.io.IOException;

/**
 * A file that is no sampling recipe. The message names the file, the place and what is expected.
 */
public final class RecipeException extends IOException {
  private static final long serialVersionUID = 1L;

  RecipeException(String file, String problem, Throwable cause) {
    super(file + ": not a sampling recipe: " + problem, cause);
  }
}
