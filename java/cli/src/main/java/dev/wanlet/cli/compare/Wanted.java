// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.cli.generate.ClipMaker;
import java.nio.file.Path;

/**
 * A clip of a comparison, before it is made. Immutable.
 *
 * @param title what people call it, such as {@code draft, prompt 1, seed 42}
 * @param variant name of the variant; of a reference the first one that shares it
 * @param prompt as it was given
 * @param file where it goes
 * @param key all that it is asked for with; another wish makes another clip
 * @param maker makes it
 */
record Wanted(
    String title, String variant, String prompt, Path file, String key, ClipMaker maker) {}
