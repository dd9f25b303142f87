// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.nvml;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * A program that holds memory of a card. Immutable.
 *
 * @param pid its number; in a container that of the machine outside
 * @param bytes it holds; empty where the driver does not tell, as on Windows
 * @param graphics whether it draws, as desktops and browsers do, rather than computes
 */
public record NvmlProcess(long pid, OptionalLong bytes, boolean graphics) {
  /** The name of its program; empty if it is not to be seen from here. */
  public Optional<String> program() {
    return ProcessHandle.of(pid)
        .flatMap(p -> p.info().command())
        .map(command -> command.substring(command.lastIndexOf('/') + 1));
  }
}
