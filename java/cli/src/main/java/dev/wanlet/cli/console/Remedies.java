// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import dev.wanlet.base.Printable;
import dev.wanlet.ggml.DeviceMemoryException;
import dev.wanlet.wan.catalog.ModelFilesException;
import dev.wanlet.wan.pipeline.SavedRunException;
import dev.wanlet.weights.lora.MergeOnlyException;

/**
 * The flags behind what the library advises: it says in plain words what to do, and has none of its
 * own. Stateless.
 */
public final class Remedies {
  private Remedies() {}

  /** The flag that helps, in brackets after a space, or nothing. */
  public static String of(Throwable failure) {
    if (failure instanceof ModelFilesException files) {
      return files.part().map(part -> " (--" + part.setting() + " FILE)").orElse("");
    }
    if (failure instanceof MergeOnlyException) {
      return " (wanlet quantize --lora)";
    }
    if (failure instanceof SavedRunException saved) {
      return " (wanlet resume " + Printable.text(saved.file()) + ", --overwrite, or another -o)";
    }
    return failure instanceof DeviceMemoryException ? " (--vram SIZE)" : "";
  }
}
