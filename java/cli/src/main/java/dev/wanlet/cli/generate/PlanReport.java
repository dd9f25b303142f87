// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.base.Count;
import dev.wanlet.cli.console.Durations;
import dev.wanlet.cli.console.Table;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.memory.Bytes;
import dev.wanlet.wan.memory.DeviceBytes;
import dev.wanlet.wan.memory.HostBytes;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.memory.StagePlan;
import dev.wanlet.wan.memory.StepPasses;
import dev.wanlet.wan.memory.TransformerPlan;
import dev.wanlet.wan.memory.VaePlan;
import dev.wanlet.wan.nn.Placement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A plan, or why there is none, for scripts and for people. Immutable.
 *
 * @param fits whether the run fits both budgets
 * @param facts under stable names
 * @param text several lines, the last without its end
 * @param problems why this version cannot run some stages, a line each
 */
record PlanReport(boolean fits, Map<String, Object> facts, String text, List<String> problems) {
  /** Of a run that fits. */
  static PlanReport fitting(RunPlan plan) {
    return of(plan, plan.budgetBytes(), plan.hostBudgetBytes(), plan.isComplete());
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
    facts.put("smallest_host_bytes", smallest.hostBytes());
    facts.put("largest_frames", fitting.frames().isPresent() ? fitting.frames().getAsInt() : null);
    facts.put("largest_size", fitting.size().map(FrameSize::toString).orElse(null));
    StringBuilder text = new StringBuilder("does not fit: ").append(refusal.getMessage());
    text.append(System.lineSeparator());
    fitting
        .frames()
        .ifPresent(n -> line(text, "fits: " + Count.of(n, "frame") + " of " + job.size()));
    fitting
        .size()
        .ifPresent(s -> line(text, "fits: " + Count.of(job.frames(), "frame") + " of " + s));
    if (fitting.frames().isEmpty() && fitting.size().isEmpty()) {
      line(text, "no shorter clip and none of the model's smaller sizes fits either");
    }
    line(text, "the smallest plan for what was asked:");
    return new PlanReport(false, facts, text + report.text(), report.problems());
  }

  private static PlanReport of(RunPlan plan, long budget, long hostBudget, boolean fits) {
    TransformerPlan t = plan.transformer();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("fits", fits);
    facts.put("budget_bytes", budget);
    facts.put("host_budget_bytes", hostBudget);
    facts.put("peak_device_bytes", plan.peakDeviceBytes());
    facts.put("host_bytes", plan.hostBytes());
    facts.put("predicted_step_seconds", t.stepSeconds());
    facts.put("predicted_seconds", plan.seconds());
    facts.put("upload_bytes_per_step", t.uploadBytesPerStep());
    facts.put("steps", plan.steps());
    facts.put("predicted_sampling_seconds", seconds(plan));
    facts.put("passes", plan.passes().total());
    facts.put("guided_steps", plan.passes().guided());
    facts.put("steps_without_pass", plan.passes().none());
    facts.put("blocks_skipped", plan.passes().skippedBlocks());
    facts.put("guidance_bytes", plan.guidanceBytes());
    facts.put("attention_guidance_seconds_per_step", t.attentionSeconds());
    facts.put("cache_bytes", plan.cacheBytes());
    facts.put(
        "passes_reused",
        plan.passes().cache().known() ? (Integer) plan.passes().cache().reused() : null);
    facts.put("tokens", t.run().grid().tokens());
    facts.put("chunk_tokens", chunk(t));
    facts.put("guidance", guidance(t));
    facts.put("blocks", t.placement().blocks());
    facts.put("resident_blocks", t.placement().resident());
    facts.put("slots", t.placement().slots());
    facts.put("stages", stages(plan));
    List<String> problems =
        plan.stages().stream().flatMap(stage -> stage.unsupported().stream()).toList();
    return new PlanReport(fits, facts, table(plan, budget, hostBudget), problems);
  }

  private static List<Map<String, Object>> stages(RunPlan plan) {
    List<Map<String, Object>> stages = new ArrayList<>();
    for (StagePlan stage : plan.stages()) {
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("name", stage.stage().id());
      if (stage.unsupported().isPresent()) {
        facts.put("peak_device_bytes", null);
        facts.put("error", stage.unsupported().get());
      } else {
        DeviceBytes device = stage.device();
        facts.put("peak_device_bytes", device.peak());
        facts.put("weight_bytes", device.weights());
        facts.put("resident_bytes", device.resident());
        facts.put("slot_bytes", device.slots());
        facts.put("state_bytes", device.state());
        facts.put("compute_bytes", device.compute());
        facts.put("hidden_bytes", device.hidden());
        HostBytes host = stage.host();
        facts.put("host_bytes", host.total());
        facts.put("heap_bytes", host.heap());
        facts.put("pinned_bytes", host.pinned());
        facts.put("scratch_bytes", host.scratch());
        facts.put("copy_bytes", host.copies());
        stage.seconds().ifPresent(s -> facts.put("predicted_seconds", s));
      }
      stages.add(facts);
    }
    return stages;
  }

  private static double seconds(RunPlan plan) {
    return plan.stage(Stage.SAMPLE).seconds().orElseThrow();
  }

  /** What guidance costs, where it is not simply two passes in every step. */
  private static void addGuidance(StringBuilder text, RunPlan plan) {
    StepPasses passes = plan.passes();
    boolean plain = passes.guided() == plan.steps() || passes.guided() == 0;
    if (plain && passes.none() == 0 && passes.skippedBlocks() == 0 && plan.guidanceBytes() == 0) {
      return;
    }
    line(
        text,
        "guidance: %d passes in %s: %d of two, %d of one, %d of none; %s skipped; remembers %s",
        passes.total(),
        count(plan.steps(), "step"),
        passes.guided(),
        passes.single(),
        passes.none(),
        count(passes.skippedBlocks(), "block"),
        ByteSize.format(plan.guidanceBytes()));
  }

  /** What the negative prompt takes within the passes of the prompt. */
  private static void addAttention(StringBuilder text, TransformerPlan t) {
    if (t.run().attention().isPresent()) {
      line(
          text,
          "attention guidance (NAG): the negative prompt's %s in each block, %s of a step",
          count(t.run().prompts().get(1).keys(), "key"),
          share(t.attentionSeconds() / t.stepSeconds()));
    }
  }

  private static String share(double part) {
    return part < 0.001 ? "less than 0.1%" : String.format(Locale.ROOT, "about %.1f%%", 100 * part);
  }

  /** What a step cache saves, as far as a table tells, and the memory it takes. */
  private static void addCache(StringBuilder text, RunPlan plan) {
    StepPasses.CacheUse cache = plan.passes().cache();
    if (!cache.equals(StepPasses.CacheUse.NONE)) {
      line(
          text,
          "step cache: %s; keeps %s on the host",
          cache.known()
              ? cache.reused() + " of " + plan.passes().total() + " passes do without the blocks"
              : "what it skips is seen only in the run, so the time is that of all steps",
          ByteSize.format(plan.cacheBytes()));
    }
  }

  private static int chunk(TransformerPlan plan) {
    return Math.min(plan.run().chunks().rows(), plan.run().chunks().tokens());
  }

  private static String guidance(TransformerPlan plan) {
    if (plan.run().passes() == 1) {
      return "off";
    }
    return plan.run().layerMajor() ? "layer-major" : "sequential";
  }

  private static String table(RunPlan plan, long budget, long hostBudget) {
    Table table =
        new Table()
            .row(
                "", "device", "weights", "resident", "slots", "state", "compute", "hidden", "host");
    for (StagePlan stage : plan.stages()) {
      if (stage.unsupported().isPresent()) {
        table.row(stage.stage().title(), stage.unsupported().get());
        continue;
      }
      DeviceBytes d = stage.device();
      table.row(
          stage.stage().title(),
          ByteSize.format(d.peak()),
          ByteSize.format(d.weights()),
          ByteSize.format(d.resident()),
          ByteSize.format(d.slots()),
          ByteSize.format(d.state()),
          ByteSize.format(d.compute()),
          ByteSize.format(d.hidden()),
          ByteSize.format(stage.host().total()));
    }
    StringBuilder text = new StringBuilder(table.render(""));
    line(
        text,
        "peak: device %s of %s, host %s of %s",
        Bytes.needed(plan.peakDeviceBytes()),
        ByteSize.format(budget),
        Bytes.needed(plan.hostBytes()),
        ByteSize.format(hostBudget));
    TransformerPlan t = plan.transformer();
    Placement p = t.placement();
    line(
        text,
        "transformer: %d of %d blocks resident%s; chunks of %d of %d tokens; guidance %s%s",
        p.resident(),
        p.blocks(),
        p.isAllResident() ? "" : ", the others through " + count(p.slots(), "slot"),
        chunk(t),
        t.run().grid().tokens(),
        guidance(t),
        t.run().keepsTextKeys() ? "" : "; the prompt's keys made anew in each block");
    addGuidance(text, plan);
    addAttention(text, t);
    addCache(text, plan);
    for (StagePlan stage : plan.stages()) {
      stage
          .details(VaePlan.class)
          .map(VaePlan::memory)
          .ifPresent(
              m ->
                  line(
                      text,
                      "%s: bands of about %s; past frames: %s on the device, %s on the host",
                      stage.stage().title(),
                      ByteSize.format(m.settings().bandBytes()),
                      ByteSize.format(m.historyBytes()),
                      ByteSize.format(m.hostHistoryBytes())));
    }
    line(
        text,
        "step: about %s, %s uploaded",
        Durations.text(t.stepSeconds()),
        ByteSize.format(t.uploadBytesPerStep()));
    text.append(
        String.format(
            Locale.ROOT,
            "clip: about %s (%s)",
            Durations.text(plan.seconds()),
            plan.stages().stream()
                .filter(s -> s.seconds().isPresent())
                .map(s -> s.stage().title() + " " + Durations.text(s.seconds().getAsDouble()))
                .collect(Collectors.joining(", "))));
    return text.toString();
  }

  private static String count(int n, String noun) {
    return n + " " + noun + (n == 1 ? "" : "s");
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append(System.lineSeparator());
  }
}
