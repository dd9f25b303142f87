// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.wan.catalog.ModelFiles;
import java.io.IOException;
import java.util.OptionalLong;

/**
 * How long a guided step takes: with every block on the device, predicted and measured, and with
 * every block streamed, which should take no longer.
 */
final class StepPart implements Part {
  /** A streamed step may take so many times what a resident one takes. */
  private static final double STREAMING_BOUND = 1.02;

  @Override
  public String id() {
    return "steps";
  }

  @Override
  public void run(Kit kit) {
    Models models = new Models(kit.work(), kit.small());
    for (ClipJob job : ClipJob.forSteps(kit.small())) {
      kit.measure(id(), job.title(), () -> compare(kit, models, job));
    }
  }

  private static Facts compare(Kit kit, Models models, ClipJob job) throws IOException {
    ModelFiles files = models.files(job.model(), job.type(), Models.TextEncoder.STAND_IN);
    StepTrial resident = trial(kit, files, job, Integer.MAX_VALUE);
    StepTrial streamed = trial(kit, files, job, 0);
    double ratio = streamed.bestStep() / resident.bestStep();
    // Steps of milliseconds, as in a dry run, say nothing of streaming.
    return resident
        .facts()
        .put("streamed_step_seconds", streamed.stepSeconds())
        .put("streamed_of_resident", ratio)
        .put(
            "measured_of_predicted",
            resident.bestStep() / resident.plan().transformer().stepSeconds())
        .require(kit.small() || ratio <= STREAMING_BOUND);
  }

  private static StepTrial trial(Kit kit, ModelFiles files, ClipJob job, int maxResident)
      throws IOException {
    return StepTrial.run(
        kit, files, job, new StepTrial.Conditions(OptionalLong.empty(), maxResident, 3, 2));
  }
}
