// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.catalog.RequestException;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a run goes about its work, beside what it makes. Nothing here changes the clip. Immutable.
 *
 * @param checkpointEvery steps between saved states; empty: every two minutes and after the last
 *     step
 * @param resumeFrom a saved state to go on from
 */
public record RunOptions(OptionalInt checkpointEvery, Optional<RunCheckpoint> resumeFrom) {
  /** Automatic in every respect. */
  public static final RunOptions DEFAULT = new RunOptions(OptionalInt.empty(), Optional.empty());

  public RunOptions {
    Objects.requireNonNull(resumeFrom);
    if (checkpointEvery.isPresent() && checkpointEvery.getAsInt() < 1) {
      throw new RequestException(
          "a checkpoint every " + checkpointEvery.getAsInt() + " steps; expected 1 or more");
    }
  }

  /** These options, going on from a saved state. */
  public RunOptions resuming(RunCheckpoint checkpoint) {
    return new RunOptions(checkpointEvery, Optional.of(checkpoint));
  }
}
