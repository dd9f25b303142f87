// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import dev.wanlet.base.Printable;
import dev.wanlet.wan.memory.ByteSize;
import java.io.PrintWriter;
import me.tongfei.progressbar.ProgressBar;

/**
 * Progress of writing a file: a bar on a terminal, nothing elsewhere. Confined to one thread; close
 * it to end the bar's line.
 */
public final class ByteProgress implements AutoCloseable {
  private static final int MIB = 1 << 20;

  private final String task;
  private ProgressBar bar;

  /** The bar appears with the first bytes. */
  public ByteProgress(String task) {
    this.task = task;
  }

  /** The same with one line at the beginning where there is no terminal. */
  public static ByteProgress announced(String task, long totalBytes, PrintWriter err) {
    if (!Terminals.stderrIsTerminal()) {
      err.println("wanlet: " + Printable.message(task) + ", " + ByteSize.format(totalBytes));
      err.flush();
    }
    return new ByteProgress(task);
  }

  /** So many bytes are done. A new total begins a new bar. */
  public void at(long bytes, long totalBytes) {
    if (bar != null && bar.getMax() != totalBytes) {
      close();
    }
    if (bar == null) {
      if (!Terminals.stderrIsTerminal()) {
        return;
      }
      bar = Terminals.bar(task).setInitialMax(totalBytes).setUnit(" MiB", MIB).showSpeed().build();
    }
    bar.stepTo(bytes);
  }

  /** Ends the bar, so that something else can be printed. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
