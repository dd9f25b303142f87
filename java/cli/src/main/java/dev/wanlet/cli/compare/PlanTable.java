// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.cli.console.Durations;
import dev.wanlet.cli.console.Json;
import dev.wanlet.wan.memory.Bytes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The plans of clips as tables of a page; clips of one plan share a table. Stateless. */
final class PlanTable {
  /** What of a stage is shown, by its heading. */
  private static final Map<String, String> COLUMNS = new LinkedHashMap<>();

  static {
    COLUMNS.put("device", "peak_device_bytes");
    COLUMNS.put("weights", "weight_bytes");
    COLUMNS.put("resident", "resident_bytes");
    COLUMNS.put("slots", "slot_bytes");
    COLUMNS.put("state", "state_bytes");
    COLUMNS.put("compute", "compute_bytes");
    COLUMNS.put("hidden", "hidden_bytes");
    COLUMNS.put("host", "host_bytes");
  }

  private PlanTable() {}

  /** Of clips of one name that differ in their prompts, the plan that takes most is shown. */
  static void append(StringBuilder page, List<ComparedClip> clips) {
    Map<String, ComparedClip> largest = new LinkedHashMap<>();
    for (ComparedClip clip : clips) {
      largest.merge(ReportPage.name(clip), clip, (a, b) -> peak(b) > peak(a) ? b : a);
    }
    Map<String, List<ComparedClip>> plans = new LinkedHashMap<>();
    for (ComparedClip clip : largest.values()) {
      plans.computeIfAbsent(Json.line(clip.map("plan")), p -> new ArrayList<>()).add(clip);
    }
    for (List<ComparedClip> same : plans.values()) {
      Map<String, Object> plan = same.get(0).map("plan");
      List<String> names = same.stream().map(ReportPage::name).toList();
      page.append("<details><summary>").append(ReportPage.escaped(String.join("; ", names)));
      page.append("</summary><p>").append(ReportPage.escaped(words(plan))).append("</p>");
      table(page, plan);
      page.append("</details>");
    }
  }

  private static long peak(ComparedClip clip) {
    return ((Number) clip.map("plan").get("peak_device_bytes")).longValue();
  }

  private static String passes(long number) {
    return number == 1 ? "1 pass" : number + " passes";
  }

  private static String words(Map<String, Object> plan) {
    return String.format(
        "Device %s and host %s at most, about %s. %s of %s blocks resident, chunks of %s of %s"
            + " tokens, guidance %s, %s, %s uploaded a step.",
        bytes(plan.get("peak_device_bytes")),
        bytes(plan.get("host_bytes")),
        seconds(plan.get("predicted_seconds")),
        plan.get("resident_blocks"),
        plan.get("blocks"),
        plan.get("chunk_tokens"),
        plan.get("tokens"),
        plan.get("guidance"),
        passes(((Number) plan.get("passes")).longValue()),
        bytes(plan.get("upload_bytes_per_step")));
  }

  private static void table(StringBuilder page, Map<String, Object> plan) {
    ReportPage.beginTable(page, "Plan, stage by stage");
    ReportPage.heading(page, "stage");
    COLUMNS.keySet().forEach(name -> ReportPage.heading(page, name));
    ReportPage.heading(page, "predicted");
    page.append("</tr></thead><tbody>");
    for (Object entry : (List<?>) plan.get("stages")) {
      Map<?, ?> stage = (Map<?, ?>) entry;
      page.append("<tr><th scope=\"row\">").append(ReportPage.escaped("" + stage.get("name")));
      page.append("</th>");
      COLUMNS.values().forEach(key -> ReportPage.cell(page, bytes(stage.get(key))));
      ReportPage.cell(page, seconds(stage.get("predicted_seconds")));
      page.append("</tr>");
    }
    page.append("</tbody></table></div>");
  }

  private static String bytes(Object value) {
    return value instanceof Number n ? Bytes.needed(n.longValue()) : "-";
  }

  private static String seconds(Object value) {
    return value instanceof Number n ? Durations.text(n.doubleValue()) : "-";
  }
}
