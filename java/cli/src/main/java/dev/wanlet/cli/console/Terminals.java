// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

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
        .setConsumer(new BarLine());
  }

  /** A bar's line, as wide as the terminal is at the moment. */
  private static final class BarLine extends ConsoleProgressBarConsumer {
    private static final int USUAL_COLUMNS = 80;
    private static final int FEWEST_COLUMNS = 10;

    BarLine() {
      super(System.err);
    }

    @Override
    public int getMaxRenderedLength() {
      int columns = Screen.TERMINAL.map(Terminal::getWidth).orElse(0);
      return (columns < FEWEST_COLUMNS ? USUAL_COLUMNS : columns) - 1;
    }
  }

  /**
   * The terminal that the bars are on. It must leave signals alone, which the one that a bar would
   * open by itself does not: it takes Ctrl-C from the JVM, and the process ends there and then,
   * without saving the run.
   */
  private static final class Screen {
    static final Optional<Terminal> TERMINAL = open();

    private static Optional<Terminal> open() {
      try {
        return Optional.of(TerminalBuilder.builder().dumb(true).nativeSignals(false).build());
      } catch (IOException e) {
        return Optional.empty();
      }
    }
  }
}
