// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.base.Printable;
import dev.wanlet.wan.catalog.RequestException;
import java.nio.file.Path;

/** A run of another request is saved for the same output, and would be lost. */
public class SavedRunException extends RequestException {
  private static final long serialVersionUID = 1L;

  private final transient Path file;

  SavedRunException(Path file, RunCheckpoint saved) {
    super(
        Printable.text(file)
            + " holds a run of another request, stopped after step "
            + saved.sampler().nextStep()
            + " of "
            + (saved.sampler().sigmas().length - 1)
            + "; go on with it, have it overwritten, or choose another output");
    this.file = file;
  }

  /** What is saved. */
  public Path file() {
    return file;
  }
}
