// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import dev.wanlet.wan.memory.ByteSize;
import java.io.PrintWriter;
import me.tongfei.progressbar.ProgressBar;

/** Progress of writing a file: a bar on a terminal, else nothing but the beginning. */
public final class ByteProgress implements AutoCloseable {
  private static final int MIB = 1 << 20;

  private final ProgressBar bar;

  public ByteProgress(String task, long totalBytes, PrintWriter err) {
    if (Terminals.stderrIsTerminal()) {
      bar = Terminals.bar(task).setInitialMax(totalBytes).setUnit(" MiB", MIB).showSpeed().build();
    } else {
      bar = null;
      err.println("wanlet: " + task + ", " + ByteSize.format(totalBytes));
      err.flush();
    }
  }

  /** So many bytes are written. */
  public void at(long bytes) {
    if (bar != null) {
      bar.stepTo(bytes);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
