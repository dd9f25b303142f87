// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The step caches there are. */
public enum CacheKind {
  /** By a table of how the blocks' work grows and shrinks from step to step; {@link MagCache}. */
  MAG,
  /** By how the timestep's embedding changes; {@link TeaCache}. */
  TEA,
  /** By how latents and predictions changed so far, without a table; {@link EasyCache}. */
  EASY;

  /** Stands for no cache. */
  private static final String NONE = "none";

  /**
   * Finds a cache by name, whatever the case; null for {@code none}.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static CacheKind parse(String name) {
    String wanted = name.strip().toLowerCase(Locale.ROOT);
    if (wanted.equals(NONE)) {
      return null;
    }
    for (CacheKind kind : values()) {
      if (kind.id().equals(wanted)) {
        return kind;
      }
    }
    throw new IllegalArgumentException(
        "unknown step cache '"
            + name
            + "'; expected one of none, "
            + Arrays.stream(values()).map(CacheKind::id).collect(Collectors.joining(", ")));
  }

  /** The name to write in metadata and messages; {@link #parse} reads it back. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether it keeps what the blocks did with each token; else only whole predictions. */
  public boolean keepsBlocks() {
    return this != EASY;
  }
}
