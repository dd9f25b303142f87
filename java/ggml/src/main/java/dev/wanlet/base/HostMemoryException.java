// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.base;

import java.util.regex.Pattern;

/**
 * The system gives this process no more memory or address space. Nothing is damaged: with higher
 * limits the same run works.
 */
public final class HostMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * What loaders of shared libraries say; glibc's words about thread-local storage are another
   * matter.
   */
  private static final Pattern LOADER_WORDS =
      Pattern.compile(
          "failed to map segment|cannot allocate memory(?! in static TLS)|cannot create shared object"
              + "|cannot map zero-fill",
          Pattern.CASE_INSENSITIVE);

  /**
   * A refusal.
   *
   * @param what was being done, such as {@code FFmpeg cannot be loaded}
   */
  public HostMemoryException(String what, Throwable cause) {
    super(
        Printable.message(
            what
                + ": this process gets no more memory; raise the limit on its address space (ulimit"
                + " -v) or that of its container, or close other programs"),
        cause);
  }

  /** Whether a library could not be loaded for want of memory. */
  public static boolean isBehind(LinkageError failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e.getMessage() != null && LOADER_WORDS.matcher(e.getMessage()).find()) {
        return true;
      }
    }
    return false;
  }
}
