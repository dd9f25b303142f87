// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.cli.console.ProgressDisplay;
import dev.wanlet.cli.options.MeasuredRates;
import dev.wanlet.wan.pipeline.Cancellation;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SettingValues;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes clips for other commands, as {@code generate} would. Stateless. */
public final class ClipMaker {
  private ClipMaker() {}

  /**
   * Makes a clip, or goes on with one that was stopped.
   *
   * @param profile null for none
   * @return what {@code generate --json} says, with the plan under {@code plan}, less the budgets
   * @throws java.util.concurrent.CancellationException if cancelled
   */
  public static Map<String, Object> make(
      SettingValues given, String profile, Path output, Cancellation cancellation, PrintWriter err)
      throws IOException {
    ChosenSettings chosen = ChosenSettings.of(given, WishFlags.ofProfile(profile), err);
    chosen.notes().forEach(note -> err.println("wanlet: " + note));
    GenerationRequest request =
        GenerationRequest.builder()
            .set(chosen.values())
            .outputBySeed(seed -> output)
            .build(chosen.files().model());
    VideoPipeline pipeline = new VideoPipeline(chosen.files(), MeasuredRates.SOURCE);
    Map<String, Object> plan =
        new LinkedHashMap<>(PlanReport.fitting(pipeline.plan(request)).facts());
    // What is free at the moment says nothing of the clip.
    plan.keySet().removeAll(List.of("budget_bytes", "host_budget_bytes"));
    try (ProgressDisplay progress = ProgressDisplay.open(err)) {
      RunOptions options =
          RunOptions.defaults().withCancellation(cancellation).withListener(progress);
      Map<String, Object> facts =
          new LinkedHashMap<>(GenerationReport.of(pipeline.generate(request, options)).facts());
      facts.put("plan", plan);
      return facts;
    }
  }
}
