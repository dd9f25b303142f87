// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.InputErrors;
import dev.wanlet.cli.console.Interruption;
import dev.wanlet.cli.console.Remedies;
import dev.wanlet.cli.console.SectionedHelp;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Entry point of the program. */
public final class Main {
  private Main() {}

  /** Runs a command and ends the process with its {@linkplain ExitCode exit code}. */
  public static void main(String[] args) {
    // JSON and prompts are UTF-8 whatever the locale says.
    PrintWriter out =
        new PrintWriter(
            new OutputStreamWriter(
                new FileOutputStream(FileDescriptor.out), StandardCharsets.UTF_8),
            true);
    int code = run(out, new PrintWriter(System.err, true, Charset.defaultCharset()), args);
    out.flush();
    Interruption.mainFinished();
    System.exit(code);
  }

  /** Runs a command. Returns its exit code; never throws. */
  public static int run(PrintWriter out, PrintWriter err, String... args) {
    WanletCommand root = new WanletCommand();
    CommandLine line =
        new CommandLine(root)
            .setOut(out)
            .setErr(err)
            .setCaseInsensitiveEnumValuesAllowed(true)
            // A prompt may begin with @.
            .setExpandAtFiles(false)
            .setUsageHelpWidth(100)
            .setExitCodeExceptionMapper(ExitCode::of)
            .setParameterExceptionHandler((e, given) -> usageError(e))
            .setExecutionExceptionHandler(
                (e, command, parsed) -> {
                  report(err, e, root.verbosity() > 0);
                  return ExitCode.of(e);
                });
    SectionedHelp.install(line);
    try {
      for (String arg : args) {
        checkReadable(line, arg);
      }
      return line.execute(args);
    } catch (ParameterException e) {
      return usageError(e);
    } catch (Throwable e) {
      // Errors such as a missing native library; picocli hands on exceptions only.
      report(err, e, root.verbosity() > 0);
      return ExitCode.of(e);
    }
  }

  /** Java replaces what it cannot decode, and a prompt with holes would give another clip. */
  private static void checkReadable(CommandLine line, String arg) {
    if (arg.indexOf('\uFFFD') >= 0) {
      throw new ParameterException(
          line,
          "argument '"
              + arg
              + "' holds characters that cannot be read in this locale; run with LC_ALL=C.UTF-8");
    }
  }

  private static int usageError(ParameterException e) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("wanlet: " + e.getMessage());
    UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return ExitCode.USAGE;
  }

  /** One message; the stack trace only for those who ask. */
  static void report(PrintWriter err, Throwable e, boolean verbose) {
    int code = ExitCode.of(e);
    boolean internal = code == ExitCode.INTERNAL;
    err.println(
        "wanlet: " + (internal ? "internal error: " + describe(e) : message(e) + Remedies.of(e)));
    if (verbose) {
      e.printStackTrace(err);
    } else if (internal) {
      err.println("Run it again with -v to see where it comes from.");
    }
    err.flush();
  }

  private static String message(Throwable e) {
    if (e.getMessage() == null) {
      return e.getCause() == null ? e.getClass().getSimpleName() : message(e.getCause());
    }
    // What the JDK throws about a file says only its name, or less.
    if (e.getClass().getName().startsWith("java.nio.file.")) {
      return InputErrors.describe((java.nio.file.FileSystemException) e);
    }
    return e.getMessage();
  }

  private static String describe(Throwable e) {
    return e.getMessage() == null
        ? e.getClass().getSimpleName()
        : e.getClass().getSimpleName() + ": " + e.getMessage();
  }
}
