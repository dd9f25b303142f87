// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What one stage of a run will take, and how it goes about its work. Immutable.
 *
 * @param stage which
 * @param device device memory
 * @param host host memory
 * @param seconds predicted time, where one is predicted
 * @param details how the stage works, in the terms of its own planner, such as a {@link
 *     TransformerPlan}
 * @param unsupported why this version cannot run the stage; its sizes say nothing then
 */
public record StagePlan(
    Stage stage,
    DeviceBytes device,
    HostBytes host,
    OptionalDouble seconds,
    Object details,
    Optional<String> unsupported) {

  /** A stage that can run. */
  public static StagePlan of(
      Stage stage, DeviceBytes device, HostBytes host, OptionalDouble seconds, Object details) {
    return new StagePlan(stage, device, host, seconds, details, Optional.empty());
  }

  /** A stage that this version cannot run. */
  static StagePlan unsupported(Stage stage, String why) {
    return new StagePlan(
        stage, DeviceBytes.NONE, HostBytes.NONE, OptionalDouble.empty(), why, Optional.of(why));
  }

  /** One line for people: where its memory goes. */
  public String summary() {
    return String.format(
        "%s: plans %s on the device (%s of blocks that stay, %s of slots, %s of other weights, %s of"
            + " state, %s to compute in%s) and %s on the host",
        stage.title(),
        Bytes.text(device.peak()),
        Bytes.text(device.resident()),
        Bytes.text(device.slots()),
        Bytes.text(device.weights()),
        Bytes.text(device.state()),
        Bytes.text(device.compute()),
        device.hidden() == 0 ? "" : ", " + Bytes.text(device.hidden()) + " for the backend itself",
        Bytes.text(host.total()));
  }

  /** The same stage, predicted to take so many times as long. */
  StagePlan withSecondsTimes(double factor) {
    OptionalDouble other =
        seconds.isPresent() ? OptionalDouble.of(factor * seconds.getAsDouble()) : seconds;
    return new StagePlan(stage, device, host, other, details, unsupported);
  }

  /** How the stage works, if it is planned in these terms. */
  public <T> Optional<T> details(Class<T> type) {
    return type.isInstance(details) ? Optional.of(type.cast(details)) : Optional.empty();
  }
}
