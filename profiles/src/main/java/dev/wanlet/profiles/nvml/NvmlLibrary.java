// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.nvml;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.util.Optional;

/**
 * The library of NVIDIA's driver. A function it lacks answers {@link #FUNCTION_NOT_FOUND}. Source
 * of names and numbers: NVIDIA's NVML API reference. Confined to one thread.
 */
final class NvmlLibrary {
  static final int SUCCESS = 0;
  static final int DRIVER_NOT_LOADED = 9;
  static final int LIBRARY_NOT_FOUND = 12;
  static final int FUNCTION_NOT_FOUND = 13;
  static final int NO_PERMISSION = 4;
  static final int NOT_SUPPORTED = 3;
  static final int GPU_IS_LOST = 15;
  static final int LIB_RM_VERSION_MISMATCH = 18;

  private final NativeLibrary library;

  private NvmlLibrary(NativeLibrary library) {
    this.library = library;
  }

  /** Empty if there is no library of that name, or none can be called at all. */
  static Optional<NvmlLibrary> load(String name) {
    try {
      return Optional.of(new NvmlLibrary(NativeLibrary.getInstance(name)));
    } catch (LinkageError e) {
      return Optional.empty(); // not installed, or JNA has no library for this platform
    }
  }

  /** Begins; {@link #end} must follow where this answers {@link #SUCCESS}. */
  int begin() {
    return call("nvmlInit_v2");
  }

  void end() {
    call("nvmlShutdown");
  }

  /**
   * Calls a function that answers with a number, as all of them do.
   *
   * @param arguments as JNA takes them
   */
  int call(String name, Object... arguments) {
    Function function;
    try {
      function = library.getFunction(name);
    } catch (UnsatisfiedLinkError e) {
      return FUNCTION_NOT_FOUND;
    }
    return function.invokeInt(arguments);
  }

  /** What an answer other than {@link #SUCCESS} means, and what to do. */
  static String meaning(int answer) {
    return switch (answer) {
      case NOT_SUPPORTED -> "NVIDIA's driver does not tell this of the card";
      case NO_PERMISSION ->
          "NVIDIA's driver refuses to be asked by this user; see the rights of /dev/nvidia*";
      case DRIVER_NOT_LOADED ->
          "NVIDIA's driver is installed, but not loaded; load it (modprobe nvidia) or restart";
      case LIBRARY_NOT_FOUND -> "a part of NVIDIA's driver is missing; install the driver anew";
      case FUNCTION_NOT_FOUND ->
          "NVIDIA's driver is too old to be asked (before version 319); update it";
      case GPU_IS_LOST -> "the card fell off its bus; restart the machine";
      case LIB_RM_VERSION_MISMATCH ->
          "NVIDIA's driver was updated while the old one runs; restart the machine";
      default -> "NVIDIA's driver answers with error " + answer;
    };
  }
}
