// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.cli.console.ByteSize;
import dev.wanlet.cli.console.Durations;
import dev.wanlet.cli.console.Table;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.memory.HostPlan;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.Placement;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.memory.TextPlan;
import dev.wanlet.wan.memory.TransformerPlan;
import dev.wanlet.wan.model.vae.VaeMemory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A plan, or why there is none, for scripts and for people. Immutable.
 *
 * @param fits whether the run fits both budgets
 * @param facts under stable names
 * @param text several lines, the last without its end
 */
record PlanReport(boolean fits, Map<String, Object> facts, String text) {
  /** What is said of a stage that this version cannot plan. */
  static final String NO_VAE =
      "this version cannot plan or decode with the Wan 2.2 VAE; the other stages are planned";

  /** Of a run that fits. */
  static PlanReport fitting(RunPlan plan) {
    return of(plan, plan.budgetBytes(), plan.hostBudgetBytes(), plan.vae().isPresent());
  }

  /**
   * Of a run that does not fit.
   *
   * @param smallest the plan of the smallest budget that would do
   */
  static PlanReport refused(
      MemoryBudgetException refusal,
      RunPlan smallest,
      RunPlanner.Job job,
      long budgetBytes,
      long hostBudgetBytes,
      RunPlanner.Alternatives fitting) {
    PlanReport report = of(smallest, budgetBytes, hostBudgetBytes, false);
    Map<String, Object> facts = new LinkedHashMap<>(report.facts());
    facts.put("reason", refusal.getMessage());
    facts.put("smallest_budget_bytes", smallest.peakDeviceBytes());
    facts.put("smallest_host_bytes", smallest.host().totalBytes());
    facts.put("largest_frames", fitting.frames().isPresent() ? fitting.frames().getAsInt() : null);
    facts.put("largest_size", fitting.size().map(FrameSize::toString).orElse(null));
    StringBuilder text = new StringBuilder("does not fit: ").append(refusal.getMessage());
    text.append(System.lineSeparator());
    fitting.frames().ifPresent(n -> line(text, "fits: " + n + " frames of " + job.size()));
    fitting.size().ifPresent(s -> line(text, "fits: " + job.frames() + " frames of " + s));
    if (fitting.frames().isEmpty() && fitting.size().isEmpty()) {
      line(text, "no shorter clip and none of the model's smaller sizes fits either");
    }
    line(text, "the smallest plan for what was asked:");
    return new PlanReport(false, facts, text + report.text());
  }

  private static PlanReport of(RunPlan plan, long budget, long hostBudget, boolean fits) {
    TransformerPlan t = plan.transformer();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("fits", fits);
    facts.put("budget_bytes", budget);
    facts.put("host_budget_bytes", hostBudget);
    facts.put("peak_device_bytes", plan.peakDeviceBytes());
    facts.put("host_bytes", plan.host().totalBytes());
    facts.put("predicted_step_seconds", t.stepSeconds());
    facts.put("upload_bytes_per_step", t.uploadBytesPerStep());
    facts.put("steps", plan.steps());
    facts.put("tokens", t.run().grid().tokens());
    facts.put("chunk_tokens", chunk(t));
    facts.put("guidance", guidance(t));
    facts.put("blocks", t.placement().blocks());
    facts.put("resident_blocks", t.placement().resident());
    facts.put("slots", t.placement().slots());
    facts.put("stages", stages(plan));
    return new PlanReport(fits, facts, table(plan, budget, hostBudget));
  }

  private static List<Map<String, Object>> stages(RunPlan plan) {
    List<Map<String, Object>> stages = new ArrayList<>();
    for (Stage stage : Stage.values()) {
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("name", stage.id());
      Optional<Sizes> sizes = Sizes.of(plan, stage);
      if (sizes.isEmpty()) {
        facts.put("peak_device_bytes", null);
        facts.put("error", NO_VAE);
      } else {
        facts.put("peak_device_bytes", plan.peakDeviceBytes(stage));
        sizes.get().putInto(facts);
        HostPlan.Part host = plan.host().of(stage);
        facts.put("host_bytes", host.totalBytes());
        facts.put("heap_bytes", host.heapBytes());
        facts.put("pinned_bytes", host.pinnedBytes());
        facts.put("scratch_bytes", host.scratchBytes());
        facts.put("copy_bytes", host.copyBytes());
      }
      stages.add(facts);
    }
    return stages;
  }

  /** Where the device bytes of a stage go. */
  private record Sizes(
      long weights, long resident, long slots, long state, long compute, long hidden) {
    static Optional<Sizes> of(RunPlan plan, Stage stage) {
      return switch (stage) {
        case TEXT -> Optional.of(of(plan.text()));
        case SAMPLE -> Optional.of(of(plan.transformer()));
        case DECODE -> plan.vae().map(v -> of(v.memory(), v.hiddenBytes()));
      };
    }

    private static Sizes of(TextPlan p) {
      return new Sizes(
          p.outerBytes(), 0, p.slotBytes(), p.stateBytes(), p.computeBytes(), p.hiddenBytes());
    }

    private static Sizes of(TransformerPlan p) {
      return new Sizes(
          p.outerBytes(),
          p.residentBytes(),
          p.slotBytes(),
          p.stateBytes(),
          p.computeBytes(),
          p.hiddenBytes());
    }

    private static Sizes of(VaeMemory m, long hidden) {
      long state = m.frameBytes() + m.historyBytes();
      return new Sizes(m.weightBytes(), 0, 0, state, m.computeBytes(), hidden);
    }

    void putInto(Map<String, Object> facts) {
      facts.put("weight_bytes", weights);
      facts.put("resident_bytes", resident);
      facts.put("slot_bytes", slots);
      facts.put("state_bytes", state);
      facts.put("compute_bytes", compute);
      facts.put("hidden_bytes", hidden);
    }
  }

  private static int chunk(TransformerPlan plan) {
    return Math.min(plan.run().chunks().rows(), plan.run().chunks().tokens());
  }

  private static String guidance(TransformerPlan plan) {
    if (plan.run().prompts().size() == 1) {
      return "off";
    }
    return plan.run().layerMajor() ? "layer-major" : "sequential";
  }

  private static String table(RunPlan plan, long budget, long hostBudget) {
    Table table =
        new Table()
            .row(
                "", "device", "weights", "resident", "slots", "state", "compute", "hidden", "host");
    for (Stage stage : Stage.values()) {
      String name =
          switch (stage) {
            case TEXT -> "text encoder";
            case SAMPLE -> "transformer";
            case DECODE -> "VAE";
          };
      Optional<Sizes> sizes = Sizes.of(plan, stage);
      if (sizes.isEmpty()) {
        table.row(name, NO_VAE);
        continue;
      }
      Sizes s = sizes.get();
      table.row(
          name,
          ByteSize.format(plan.peakDeviceBytes(stage)),
          ByteSize.format(s.weights()),
          ByteSize.format(s.resident()),
          ByteSize.format(s.slots()),
          ByteSize.format(s.state()),
          ByteSize.format(s.compute()),
          ByteSize.format(s.hidden()),
          ByteSize.format(plan.host().of(stage).totalBytes()));
    }
    StringBuilder text = new StringBuilder(table.render(""));
    line(
        text,
        "peak: device %s of %s, host %s of %s",
        ByteSize.format(plan.peakDeviceBytes()),
        ByteSize.format(budget),
        ByteSize.format(plan.host().totalBytes()),
        ByteSize.format(hostBudget));
    TransformerPlan t = plan.transformer();
    Placement p = t.placement();
    line(
        text,
        "transformer: %d of %d blocks resident%s; chunks of %d of %d tokens; guidance %s",
        p.resident(),
        p.blocks(),
        p.isAllResident() ? "" : ", the others through " + count(p.slots(), "slot"),
        chunk(t),
        t.run().grid().tokens(),
        guidance(t));
    plan.vae()
        .map(v -> v.memory())
        .ifPresent(
            m ->
                line(
                    text,
                    "VAE: bands of about %s; past frames: %s on the device, %s on the host",
                    ByteSize.format(m.settings().bandBytes()),
                    ByteSize.format(m.historyBytes()),
                    ByteSize.format(m.hostHistoryBytes())));
    text.append(
        String.format(
            Locale.ROOT,
            "step: about %s, %s uploaded; %s: about %s",
            Durations.text(t.stepSeconds()),
            ByteSize.format(t.uploadBytesPerStep()),
            count(plan.steps(), "step"),
            Durations.text(plan.steps() * t.stepSeconds())));
    return text.toString();
  }

  private static String count(int n, String noun) {
    return n + " " + noun + (n == 1 ? "" : "s");
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append(System.lineSeparator());
  }
}
