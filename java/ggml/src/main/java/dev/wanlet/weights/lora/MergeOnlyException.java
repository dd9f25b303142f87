// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import dev.wanlet.weights.WeightFormatException;
import java.nio.file.Path;

/** An adapter that can be merged into a checkpoint, but not added while a model runs. */
public final class MergeOnlyException extends WeightFormatException {
  private static final long serialVersionUID = 1L;

  public MergeOnlyException(Path file, String why) {
    super(file, why + "; merge the adapter into the checkpoint ahead of time");
  }
}
