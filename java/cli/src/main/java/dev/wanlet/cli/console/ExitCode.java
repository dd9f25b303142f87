// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import dev.wanlet.base.HostMemoryException;
import dev.wanlet.files.WriteException;
import dev.wanlet.ggml.DeviceMemoryException;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.profiles.select.TimeLimitException;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.OutputException;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.sampling.NonFiniteException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.ParameterException;

/**
 * The exit codes that scripts rely on, and the one place that says which failure gives which.
 * Stateless, thread-safe.
 */
public final class ExitCode {
  public static final int OK = 0;

  /** A bug in Wanlet, or a failure nobody foresaw. */
  public static final int INTERNAL = 1;

  /** Bad arguments: also a size or frame count that cannot be, and an output nobody can write. */
  public static final int USAGE = 2;

  /** An input that is missing, unreadable or damaged. */
  public static final int BAD_INPUT = 3;

  /** The run does not fit the memory budget, or the time limit. */
  public static final int OVER_BUDGET = 4;

  /** A device that is not there, lacks an operation or failed. */
  public static final int DEVICE = 5;

  /** Stopped by Ctrl-C. */
  public static final int INTERRUPTED = 130;

  private ExitCode() {}

  /** The code of a failure; causes are looked at where the exception itself says too little. */
  public static int of(Throwable failure) {
    if (failure instanceof ParameterException
        || failure instanceof RequestException
        || failure instanceof OutputException
        || failure instanceof WriteException) {
      return USAGE;
    }
    if (failure instanceof CancellationException || failure instanceof InterruptedException) {
      return INTERRUPTED;
    }
    if (failure instanceof DeviceMemoryException
        || failure instanceof MemoryBudgetException
        || failure instanceof HostMemoryException
        || failure instanceof TimeLimitException
        || failure instanceof OutOfMemoryError) {
      return OVER_BUDGET;
    }
    if (failure instanceof GgmlException ggml) {
      return ofGgml(ggml);
    }
    if (failure instanceof UncheckedIOException unchecked) {
      return of(unchecked.getCause());
    }
    boolean notNumbers = failure instanceof NonFiniteException; // of weights or an adapter
    if (failure instanceof IOException || notNumbers || isLostMapping(failure)) {
      return BAD_INPUT;
    }
    // The native library: missing, or of another platform or version.
    if (failure instanceof LinkageError && !(failure instanceof ExceptionInInitializerError)) {
      return failure instanceof UnsatisfiedLinkError ? DEVICE : INTERNAL;
    }
    boolean wrapper =
        failure instanceof ExceptionInInitializerError
            || failure instanceof java.util.concurrent.ExecutionException;
    return wrapper && failure.getCause() != null ? of(failure.getCause()) : INTERNAL;
  }

  /** Java's word for a mapped file that was cut off, or whose disk is gone, while it was read. */
  static boolean isLostMapping(Throwable failure) {
    return failure instanceof InternalError
        && failure.getMessage() != null
        && failure.getMessage().contains("unsafe memory access");
  }

  private static int ofGgml(GgmlException failure) {
    return switch (failure.code()) {
      case DEVICE_NOT_FOUND, UNSUPPORTED, DEVICE_FAILED -> DEVICE;
      case OUT_OF_MEMORY -> OVER_BUDGET;
      case ABORTED -> INTERRUPTED;
      case IO -> BAD_INPUT;
      case INVALID_ARGUMENT, INTERNAL -> INTERNAL;
    };
  }
}
