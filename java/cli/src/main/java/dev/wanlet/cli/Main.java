// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import dev.wanlet.base.FileErrors;
import dev.wanlet.base.HostMemoryException;
import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Interruption;
import dev.wanlet.cli.console.Remedies;
import dev.wanlet.cli.console.SectionedHelp;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
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
    err.println("wanlet: " + Printable.message(e.getMessage()));
    UnmatchedArgumentException.printSuggestions(e, err);
    promptHint(e).ifPresent(err::println);
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return ExitCode.USAGE;
  }

  /** People coming from elsewhere write the prompt without its flag. */
  private static Optional<String> promptHint(ParameterException e) {
    CommandSpec command = e.getCommandLine().getCommandSpec();
    boolean takesPrompt = command.findOption("-p") != null;
    if (!takesPrompt || !(e instanceof UnmatchedArgumentException unmatched)) {
      return Optional.empty();
    }
    List<String> words = unmatched.getUnmatched();
    if (words.stream().anyMatch(word -> word.startsWith("-"))) {
      return Optional.empty();
    }
    String prompt = Printable.name(String.join(" ", words));
    return Optional.of(
        "A prompt goes behind -p: " + command.qualifiedName() + " -p \"" + prompt + "\"");
  }

  /** One message; the stack trace only for those who ask. */
  static void report(PrintWriter err, Throwable e, boolean verbose) {
    int code = ExitCode.of(e);
    boolean internal = code == ExitCode.INTERNAL;
    String text = internal ? "internal error: " + describe(e) : message(e) + Remedies.of(e);
    err.println("wanlet: " + Printable.message(text));
    if (verbose) {
      e.printStackTrace(err);
    } else if (internal) {
      err.println("Run it again with -v to see where it comes from.");
    }
    err.flush();
  }

  private static String message(Throwable e) {
    if (e instanceof OutOfMemoryError) {
      return message(new HostMemoryException("Java: " + e.getMessage(), e));
    }
    if (e instanceof InternalError) {
      return "a file of the model was cut off, or its disk failed, while it was read; put it back";
    }
    if (e.getMessage() == null) {
      return e.getCause() == null ? e.getClass().getSimpleName() : message(e.getCause());
    }
    // What the JDK throws about a file says only its name, or less.
    if (e.getClass().getName().startsWith("java.nio.file.")) {
      return FileErrors.describe((java.nio.file.FileSystemException) e);
    }
    return e instanceof UncheckedIOException unchecked
        ? message(unchecked.getCause())
        : e.getMessage();
  }

  private static String describe(Throwable e) {
    return e.getMessage() == null
        ? e.getClass().getSimpleName()
        : e.getClass().getSimpleName() + ": " + e.getMessage();
  }
}
