// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Whether stderr can move a bar, and the bars' common look. Stateless, thread-safe. */
final class Terminals {
  private static final Path STDERR = Path.of("/proc/self/fd/2");
  private static final int UPDATE_MILLIS = 200;

  private Terminals() {}

  /** Java tells it of stdin and stdout together only, so Linux is asked itself. */
  static boolean stderrIsTerminal() {
    if ("dumb".equals(System.getenv("TERM"))) {
      return false;
    }
    try {
      String target = Files.readSymbolicLink(STDERR).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException e) {
      return System.console() != null; // not Linux
    }
  }

  static ProgressBarBuilder bar(String task) {
    boolean unicode = Charset.defaultCharset().name().startsWith("UTF");
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setStyle(unicode ? ProgressBarStyle.UNICODE_BLOCK : ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(UPDATE_MILLIS)
        .setConsumer(new ConsoleProgressBarConsumer(System.err));
  }
}
