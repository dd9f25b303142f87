// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.DeviceMemoryException;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.MemoryBudgetException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What every part works with. Immutable.
 *
 * @param device the one that is measured
 * @param small whether sizes are those of a dry run: the demo model, a few rows
 * @param work folder for models; may be large
 * @param golden folder with the reference tensors
 * @param log where results go
 * @param progress what was begun already
 * @param rates how fast devices are, for predictions
 * @param card the driver's number of the device; empty if it is no NVIDIA card
 * @param idleBytes memory of the card in use before this process opened it; empty where not known
 */
record Kit(
    Device device,
    boolean small,
    Path work,
    Path golden,
    ResultLog log,
    Progress progress,
    DeviceRates.Source rates,
    Optional<String> card,
    OptionalLong idleBytes) {

  /** The same on the CPU. */
  Kit onCpu() {
    return new Kit(
        Device.cpu(),
        small,
        work,
        golden,
        log,
        progress,
        rates,
        Optional.empty(),
        OptionalLong.empty());
  }

  /** A measurement. */
  @FunctionalInterface
  interface Measurement {
    Facts run() throws IOException;
  }

  /**
   * Makes one measurement and writes its line, whatever happens: what the device or this machine
   * has no room for was not run, anything else that is thrown, errors within, is a failure, and the
   * next measurement goes on. One that an earlier process of this part began is left out.
   */
  void measure(String part, String name, Measurement body) {
    try {
      if (!progress.begin(name)) {
        return;
      }
      System.err.println("measuring: " + part + " " + name); // the script looks for it in the log
      log.add(part, name, body.run());
    } catch (MemoryBudgetException | DeviceMemoryException | IOException e) {
      log.notRun(part, name, reason(e));
    } catch (GgmlException e) {
      boolean cannot = e.code() == ErrorCode.UNSUPPORTED || e.code() == ErrorCode.OUT_OF_MEMORY;
      if (cannot) {
        log.notRun(part, name, reason(e));
      } else {
        log.failed(part, name, reason(e));
      }
    } catch (OutOfMemoryError e) {
      log.notRun(part, name, "the Java heap is full: " + e.getMessage());
    } catch (RuntimeException e) {
      log.failed(part, name, reason(e));
    } catch (Error e) {
      // Such as a class or library that the kit was packed without: others need not need it.
      e.printStackTrace();
      log.failed(part, name, e.toString());
    }
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }
}
