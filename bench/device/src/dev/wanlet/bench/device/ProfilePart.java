// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.memory.TransformerPlan;
import dev.wanlet.wan.model.transformer.WanConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Where the time of a guided step goes: every operation of a block timed alone at the shapes of the
 * plan, times how often the step runs it. The last line puts their sum beside a measured step; what
 * is missing between the two is copies between operations, launches and what runs outside blocks.
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
    StepTrial trial =
        StepTrial.run(
            kit,
            files,
            job,
            new StepTrial.Conditions(OptionalLong.empty(), Integer.MAX_VALUE, 3, 2));
    double sum = 0;
    for (OpCase test : cases(job, trial.plan().transformer())) {
      double[] seconds = {0};
      kit.measure(
          id(),
          test.name(),
          () -> {
            Facts facts = time(kit, test);
            seconds[0] = (double) facts.values().get("seconds_per_step");
            return facts;
          });
      sum += seconds[0];
    }
    return new Facts()
        .put("measured_step_seconds", trial.bestStep())
        .put("sum_of_operations_seconds", sum)
        .put("explained", sum / trial.bestStep());
  }

  private static List<OpCase> cases(ClipJob job, TransformerPlan plan) {
    WanConfig config = ModelCatalog.standard().require(job.model()).transformer();
    int tokens = plan.run().grid().tokens();
    int rows = Math.min(tokens, plan.run().chunks().rows());
    double passes = plan.run().prompts().size();
    BlockOps block =
        new BlockOps(
            config.dim(),
            config.ffnDim(),
            rows,
            tokens,
            plan.run().prompts().get(0).keys(),
            passes * config.layers() * tokens / rows);
    List<OpCase> cases = new ArrayList<>(block.elementwise());
    cases.addAll(block.attention(TensorType.F16));
    cases.addAll(block.products(TensorType.parse(job.type())));
    return cases;
  }

  private static Facts time(Kit kit, OpCase test) {
    try (OpRun run = new OpRun(kit.device(), test)) {
      double seconds = run.seconds();
      double bytes = test.operandBytes() + run.resultBytes();
      return new Facts()
          .put("seconds_once", seconds)
          .put("times_per_step", test.times())
          .put("seconds_per_step", seconds * test.times())
          .put("flops_per_step", test.flops() * test.times())
          .put("bytes_per_step", bytes * test.times())
          .put("flops_per_second", test.flops() / seconds)
          .put("bytes_per_second", bytes / seconds);
    }
  }
}
