// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.memory.Stage;
import java.io.IOException;
import java.util.OptionalLong;

/** How long umT5-XXL takes for two prompts, streamed through the device as the pipeline does it. */
final class TextPart implements Part {
  @Override
  public String id() {
    return "text";
  }

  @Override
  public void run(Kit kit) {
    Models models = new Models(kit.work(), kit.small());
    ClipJob job = ClipJob.forSteps(kit.small()).get(0);
    kit.measure(id(), "umT5, two prompts", () -> encode(kit, models, job));
  }

  private static Facts encode(Kit kit, Models models, ClipJob job) throws IOException {
    ModelFiles files = models.files(job.model(), job.type(), Models.TextEncoder.FULL);
    StepTrial trial =
        StepTrial.run(
            kit,
            files,
            job,
            new StepTrial.Conditions(OptionalLong.empty(), Integer.MAX_VALUE, 2, 0));
    return new Facts()
        .put("seconds", trial.stageSeconds().get(Stage.TEXT))
        .put("planned_peak_bytes", trial.plan().stage(Stage.TEXT).device().peak())
        .put("note", "loading from the mapped file included");
  }
}
