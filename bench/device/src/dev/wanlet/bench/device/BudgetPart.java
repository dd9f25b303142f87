// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.wan.catalog.ModelFiles;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;

/**
 * Whether a run keeps to its plan: one guided step under each of several caps. A cap is a budget
 * that we set on a card with more memory, and what the driver sees is compared with the plan.
 */
final class BudgetPart implements Part {
  private static final long MIB = 1L << 20;
  private static final List<Long> CAPS_MIB = List.of(4096L, 6144L, 8192L, 3072L);
  private static final List<Long> SMALL_CAPS_MIB = List.of(64L, 8L);

  @Override
  public String id() {
    return "budgets";
  }

  @Override
  public void run(Kit kit) {
    Models models = new Models(kit.work(), kit.small());
    for (ClipJob job : ClipJob.forBudgets(kit.small())) {
      for (long cap : kit.small() ? SMALL_CAPS_MIB : CAPS_MIB) {
        kit.measure(
            id(), job.title() + " within " + cap + " MiB", () -> trial(kit, models, job, cap));
      }
    }
  }

  private static Facts trial(Kit kit, Models models, ClipJob job, long capMib) throws IOException {
    ModelFiles files = models.files(job.model(), job.type(), Models.TextEncoder.STAND_IN);
    StepTrial trial =
        StepTrial.run(
            kit,
            files,
            job,
            new StepTrial.Conditions(OptionalLong.of(capMib * MIB), Integer.MAX_VALUE, 2, 1));
    long cap = capMib * MIB;
    long planned = Math.min(cap, trial.plannedPeakBytes());
    long hidden = trial.plannedPeakBytes() - trial.plannedBufferBytes();
    return trial
        .facts()
        .put("cap_bytes", cap)
        .put("note", "the cap is our own budget, not the card's memory")
        // Like with like: what a backend takes by itself is not in ggml's buffers, but on the card.
        .require(trial.heldBytes() <= planned - hidden)
        .require(trial.card().within(planned));
  }
}
