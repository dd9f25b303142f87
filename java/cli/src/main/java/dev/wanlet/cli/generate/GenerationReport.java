// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.base.Count;
import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.Durations;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.pipeline.GenerationResult;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.cache.CacheTally;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a run made, or would take, for people and for scripts.
 *
 * @param facts under stable names
 * @param line the same in short
 */
record GenerationReport(Map<String, Object> facts, String line) {
  /** What of the request scripts are told, in order. */
  private static final List<Setting<? extends Number>> REPORTED =
      List.of(
          Settings.SEED,
          Settings.WIDTH,
          Settings.HEIGHT,
          Settings.FRAMES,
          Settings.FPS,
          Settings.STEPS);

  /** Of a finished run. */
  static GenerationReport of(GenerationResult result) {
    GenerationRequest request = result.request();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("output", result.output().toString());
    putRequest(facts, request);
    facts.put("step_seconds", result.stepSeconds());
    facts.put("step_uploaded_bytes", result.stepUploadedBytes());
    Map<String, Double> stages = new LinkedHashMap<>();
    result.stageSeconds().forEach((stage, seconds) -> stages.put(stage.id(), seconds));
    facts.put("stage_seconds", stages);
    facts.put("planned_peak_bytes", result.plannedPeakBytes());
    facts.put("measured_peak_bytes", result.measuredPeakBytes());
    result.cache().ifPresent(cache -> facts.put("cache", facts(cache)));
    double total = result.stageSeconds().values().stream().mapToDouble(d -> d).sum();
    double step = result.stepSeconds().stream().mapToDouble(d -> d).average().orElse(0);
    String line =
        String.format(
            Locale.ROOT,
            "%s: %s, %s, seed %d; %s, %.2f s a step, peak device memory %s (planned %s)",
            Printable.text(result.output()),
            Count.of(request.clip().frames(), "frame"),
            request.clip().size(),
            request.clip().seed(),
            Durations.text(total),
            step,
            ByteSize.format(result.measuredPeakBytes()),
            ByteSize.format(result.plannedPeakBytes()));
    line += result.cache().map(cache -> "; " + saved(cache)).orElse("");
    return new GenerationReport(facts, line);
  }

  private static Map<String, Object> facts(CacheTally cache) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("name", cache.kind().id());
    facts.put("steps_skipped", cache.steps());
    facts.put("passes_skipped", cache.passes());
    facts.put("passes_computed", cache.computed());
    facts.put("estimated_seconds_saved", cache.savedSeconds());
    return facts;
  }

  private static String saved(CacheTally cache) {
    return String.format(
        Locale.ROOT,
        "step cache %s skipped %d of %d passes, %s among them, which saved about %s"
            + " (an estimate)",
        cache.kind().id(),
        cache.passes(),
        cache.passes() + cache.computed(),
        Count.of(cache.steps(), "whole step"),
        Durations.text(cache.savedSeconds()));
  }

  /** Of a run that was only planned. */
  static GenerationReport of(GenerationRequest request, RunPlan plan) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("output", request.output().toString());
    putRequest(facts, request);
    facts.put("dry_run", true);
    PlanReport report = PlanReport.fitting(plan);
    facts.putAll(report.facts());
    return new GenerationReport(facts, report.text());
  }

  private static void putRequest(Map<String, Object> facts, GenerationRequest request) {
    for (Setting<? extends Number> setting : REPORTED) {
      facts.put(setting.name(), request.find(setting).map(GenerationReport::number).orElseThrow());
    }
  }

  /** 16 rather than 16.0. */
  private static Number number(Number value) {
    boolean whole = value.doubleValue() == value.longValue();
    return whole ? (Number) value.longValue() : value;
  }
}
