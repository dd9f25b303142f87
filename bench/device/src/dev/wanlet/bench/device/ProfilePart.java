// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.OpProfile;
import dev.wanlet.wan.catalog.ModelFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Where the time of a guided step goes: every graph of the step is run one operation at a time, and
 * operations of one kind are added up. The last line puts their sum beside a step as it usually
 * runs: what the sum has more is launches, waits and operations that a backend fuses.
 */
final class ProfilePart implements Part {
  @Override
  public String id() {
    return "profile";
  }

  @Override
  public void run(Kit kit) {
    ClipJob job = kit.small() ? ClipJob.DRY : ClipJob.forBudgets(false).get(0);
    Models models = new Models(kit.work(), kit.small());
    kit.measure(id(), "step of " + job.title(), () -> profile(kit, models, job));
  }

  private Facts profile(Kit kit, Models models, ClipJob job) throws IOException {
    ModelFiles files = models.files(job.model(), job.type(), Models.TextEncoder.STAND_IN);
    List<OpProfile.Row> rows = new ArrayList<>();
    int[] graphs = {0};
    StepTrial trial =
        StepTrial.run(
            kit,
            files,
            job,
            new StepTrial.Conditions(OptionalLong.empty(), Integer.MAX_VALUE, 3, 2),
            run -> {
              try (OpProfile profile = OpProfile.start()) {
                run.step();
                rows.addAll(profile.rows());
                graphs[0] = profile.graphs();
              }
            });
    double sum = rows.stream().mapToDouble(OpProfile.Row::seconds).sum();
    for (OpProfile.Row row : rows) {
      kit.measure(id(), row.kind(), () -> facts(row, sum));
    }
    return new Facts()
        .put("graphs", graphs[0])
        .put("measured_step_seconds", trial.bestStep())
        .put("sum_of_operations_seconds", sum)
        .require(graphs[0] > 0 && sum > 0);
  }

  private static Facts facts(OpProfile.Row row, double sum) {
    double bytes = row.bytesRead() + row.bytesWritten();
    return new Facts()
        .put("runs", row.runs())
        .put("seconds", row.seconds())
        .put("share", row.seconds() / sum)
        .put("flops", row.operations())
        .put("bytes_read", row.bytesRead())
        .put("bytes_written", row.bytesWritten())
        .put("flops_per_second", row.operations() > 0 ? row.operations() / row.seconds() : null)
        .put("bytes_per_second", bytes / row.seconds());
  }
}
