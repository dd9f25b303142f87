// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import dev.wanlet.base.Printable;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.text.MessageFormat;
import java.util.ResourceBundle;

/**
 * Sends what the libraries log through {@link System.Logger} to stderr, one line a record, from
 * {@link Level#WARNING} on unless {@code -v} asks for more. Found as a service of the class path.
 * Thread-safe.
 */
public final class StderrLogFinder extends System.LoggerFinder {
  private static volatile Level threshold = Level.WARNING;
  private static volatile boolean foreign;
  private static volatile Console console = Console.STDERR;

  /** Where lines go: {@link ProgressDisplay} takes them over while it moves a bar. */
  @FunctionalInterface
  interface Console {
    Console STDERR = line -> System.err.println(line);

    /** Prints one line. */
    void println(String line);
  }

  /** Called by the service loader. */
  public StderrLogFinder() {}

  /**
   * How much is shown: 0 warnings, 1 files, memory and time of every stage, 2 also what ggml says,
   * 3 also what others log, the JDK among them.
   */
  public static void verbosity(int level) {
    threshold =
        switch (level) {
          case 0 -> Level.WARNING;
          // What runs inside other programs is silent there at the JDK's usual level, INFO.
          case 1 -> Level.DEBUG;
          default -> Level.TRACE;
        };
    foreign = level > 2;
  }

  static void console(Console target) {
    console = target;
  }

  @Override
  public Logger getLogger(String name, Module module) {
    return new StderrLogger(name, name.startsWith("dev.wanlet"));
  }

  private record StderrLogger(String name, boolean own) implements Logger {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isLoggable(Level level) {
      Level least = own || foreign ? threshold : Level.WARNING;
      return level != Level.OFF && level.getSeverity() >= least.getSeverity();
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
      if (isLoggable(level)) {
        print(level, message, thrown);
      }
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... values) {
      if (isLoggable(level)) {
        boolean plain = format == null || values == null || values.length == 0;
        print(level, plain ? format : MessageFormat.format(format, values), null);
      }
    }

    private void print(Level level, String message, Throwable thrown) {
      String label =
          switch (level) {
            case ERROR -> "error: ";
            case WARNING -> "warning: ";
            default -> "";
          };
      String text = Printable.message(String.valueOf(message).strip());
      console.println(
          "wanlet: "
              + label
              + text
              + (thrown == null ? "" : " (" + Printable.message(thrown.toString()) + ")"));
      if (thrown != null && threshold.getSeverity() <= Level.DEBUG.getSeverity()) {
        thrown.printStackTrace();
      }
    }
  }
}
