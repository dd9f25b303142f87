// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.base.Count;
import dev.wanlet.cli.console.Durations;
import dev.wanlet.wan.memory.Bytes;
import dev.wanlet.wan.quality.Better;
import dev.wanlet.wan.quality.ClipMeasures;
import dev.wanlet.wan.quality.LatentCosine;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** The comparison for people: one page with everything in it. Immutable. */
record ReportPage(ComparisonReport report) {
  private static final String STYLE =
      """
      :root{color-scheme:light dark;--line:#8886}
      body{font:16px/1.5 system-ui,sans-serif;max-width:1200px;margin:0 auto;padding:1rem}
      h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
      .clips{display:grid;gap:1rem;
      grid-template-columns:repeat(auto-fill,minmax(min(100%,var(--w)),1fr))}
      figure{margin:0}video{width:100%;background:#000;border-radius:4px}
      .small video{image-rendering:pixelated}
      figcaption{font-size:.85rem;overflow-wrap:anywhere}
      .bar{position:sticky;top:0;display:flex;gap:.75rem;align-items:center;padding:.5rem 0;
      background:Canvas;z-index:1}.bar input{flex:1}button{font:inherit;padding:.3rem 1rem}
      .wide{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem}
      caption{text-align:left}
      th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:right;
      white-space:nowrap}th:first-child,td:first-child{text-align:left}
      .plots{display:grid;gap:1rem;
      grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr))}
      svg{width:100%;height:auto}svg text{fill:CanvasText;font-size:11px}
      dt{font-weight:600}dd{margin:0 0 .5rem 1rem}summary{cursor:pointer}
      """;

  /** One clock for all clips; a shorter one waits at its end. */
  private static final String SCRIPT =
      """
      const vs=[...document.querySelectorAll('video')],b=document.querySelector('#play'),
      r=document.querySelector('#at');let on=false,t=0,last=0,end=0;
      const show=force=>vs.forEach(v=>{const x=Math.min(t,Math.max(0,(v.duration||0)-.001));
      if(force||Math.abs(v.currentTime-x)>.02)if(!v.seeking)v.currentTime=x});
      const span=()=>{end=Math.max(0,...vs.map(v=>v.duration||0))};
      const at=()=>{r.value=end?1000*t/end:0;
      r.setAttribute('aria-valuetext',t.toFixed(1)+' of '+end.toFixed(1)+' seconds')};
      const tick=now=>{if(!on)return;t+=(now-last)/1000;last=now;span();if(t>end)t=0;
      at();show(false);requestAnimationFrame(tick)};
      b.onclick=()=>{on=!on;b.textContent=on?'Pause':'Play';
      if(on){last=performance.now();requestAnimationFrame(tick)}};
      r.oninput=()=>{span();t=r.value/1000*end;at();show(true)};
      """;

  /** Digits of most values, and of those that lie close together. */
  static final int COARSE = 3;

  static final int FINE = 8;

  private static final String HOST = "measured_host_bytes";

  /** Narrower clips are enlarged, with their pixels to be seen. */
  private static final int SMALL = 256;

  /** The whole page. */
  String html() throws IOException {
    StringBuilder page =
        new StringBuilder("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">");
    page.append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
    page.append("<title>Wanlet: comparison</title><style>").append(STYLE).append("</style><main>");
    page.append("<h1>Comparison</h1>");
    for (String made : made()) {
      paragraph(page, made);
    }
    page.append("<div class=\"bar\"><button id=\"play\">Play</button>");
    page.append("<input id=\"at\" type=\"range\" min=\"0\" max=\"1000\" value=\"0\"");
    page.append(" aria-label=\"Position in all clips\"></div>");
    for (String prompt : prompts()) {
      figures(page, prompt);
    }
    page.append("<h2>Time and quality</h2>");
    plots(page);
    page.append("<h2>Figures</h2>");
    table(page);
    paragraph(page, report.referenceLine());
    paragraph(page, ComparisonReport.hostLine());
    paragraph(page, report.energyLine());
    notes(page);
    page.append("<h2>Plans</h2>");
    paragraph(page, "Of clips that differ in their prompts, the plan that takes most.");
    PlanTable.append(page, report.all().toList());
    page.append(
        "<h2>Methods</h2><p>Our own methods; not scores of any published benchmark.</p><dl>");
    methods().forEach((name, method) -> method(page, name, method));
    return page.append("</dl></main><script>")
        .append(SCRIPT)
        .append("</script></html>\n")
        .toString();
  }

  /** With what the clips were made; mostly one line. */
  private List<String> made() {
    return report.all().map(c -> c.text("model") + " on " + c.text("device")).distinct().toList();
  }

  private Map<String, String> methods() {
    Map<String, String> methods = ComparisonReport.methods();
    methods.putAll(report.referenceMethods());
    return methods;
  }

  private static void method(StringBuilder page, String name, String method) {
    page.append("<dt>").append(name).append("</dt><dd>").append(escaped(method)).append("</dd>");
  }

  private static void paragraph(StringBuilder page, String text) {
    page.append("<p>").append(escaped(text)).append("</p>");
  }

  /** What a clip or a reference is called. */
  static String name(ComparedClip clip) {
    return clip.text("output").startsWith(CompareCommand.REFERENCES + "/")
        ? "reference of " + clip.text("variant") + ", seed " + clip.text("seed")
        : clip.title();
  }

  /** The same with the number of its prompt, where there are several. */
  private String row(ComparedClip clip) {
    List<String> prompts = prompts();
    return prompts.size() == 1
        ? name(clip)
        : name(clip) + ", prompt " + (1 + prompts.indexOf(clip.text("prompt")));
  }

  private List<String> prompts() {
    return report.clips().stream().map(c -> c.text("prompt")).distinct().toList();
  }

  private void figures(StringBuilder page, String prompt) throws IOException {
    List<ComparedClip> shown =
        report.all().filter(clip -> clip.text("prompt").equals(prompt)).toList();
    boolean small = shown.stream().allMatch(clip -> clip.number("width") <= SMALL);
    page.append("<h2>").append(escaped(prompt)).append("</h2><div class=\"clips");
    page.append(small ? " small\" style=\"--w:150px\">" : "\" style=\"--w:360px\">");
    for (ComparedClip clip : shown) {
      figure(page, clip);
    }
    page.append("</div>");
  }

  private static void figure(StringBuilder page, ComparedClip clip) throws IOException {
    page.append("<figure><video muted playsinline preload=\"auto\" aria-label=\"");
    page.append(escaped(name(clip))).append("\" src=\"data:video/webm;base64,");
    page.append(Base64.getEncoder().encodeToString(Files.readAllBytes(clip.file())));
    page.append("\"></video><figcaption><b>").append(escaped(name(clip))).append("</b><br>");
    page.append(clip.text("width")).append("x").append(clip.text("height")).append(", ");
    page.append(count(clip, "frame")).append(", ").append(count(clip, "step")).append(", ");
    page.append(Durations.text(clip.seconds()));
    page.append(clip.isTimedWhole() ? "" : " (in part)").append("</figcaption></figure>");
  }

  private static String count(ComparedClip clip, String noun) {
    return Count.of(clip.number(noun + "s").longValue(), noun);
  }

  private void plots(StringBuilder page) {
    List<ComparedClip> timed = report.clips().stream().filter(ComparedClip::isTimedWhole).toList();
    paragraph(
        page,
        "Each large dot is a variant, the mean of its clips, which are the small ones; the line"
            + " joins the variants that no other beats in both time and the measure.");
    if (timed.size() < report.clips().size()) {
      paragraph(
          page,
          "Clips that an earlier call made a part of are not here: their times are of the rest.");
    }
    page.append("<div class=\"plots\">");
    plot(page, timed, "caption_accuracy", Better.HIGHER);
    ClipMeasures.infos().forEach(m -> plot(page, timed, m.id(), m.better()));
    List<String> nearness = new ArrayList<>(List.of(LatentCosine.ID, "psnr", "ssim"));
    if (timed.stream().anyMatch(ReportPage::isIdentical)) {
      nearness.remove("psnr"); // without bounds
    }
    nearness.forEach(m -> plot(page, timed, m, Better.HIGHER));
    page.append("</div>");
  }

  private static void plot(
      StringBuilder page, List<ComparedClip> timed, String measure, Better better) {
    List<ComparedClip> shown = timed.stream().filter(c -> c.measure(measure) != null).toList();
    if (!shown.isEmpty()) {
      page.append(ParetoPlot.svg(measure, better, shown));
    }
  }

  private void table(StringBuilder page) {
    beginTable(page, "Every clip");
    List<String> held = List.copyOf(report.referenceMethods().keySet());
    heading(page, "clip");
    report.stages().forEach(s -> heading(page, s));
    Stream.of("all", "device peak", "host planned").forEach(h -> heading(page, h));
    boolean hasHost = report.all().allMatch(c -> c.number(HOST) != null);
    if (hasHost) {
      heading(page, "host peak");
    }
    if (report.hasEnergy()) {
      heading(page, "energy");
    }
    Stream.concat(ComparisonReport.methods().keySet().stream(), held.stream())
        .forEach(h -> heading(page, h));
    page.append("</tr></thead><tbody>");
    for (ComparedClip clip : report.all().toList()) {
      page.append("<tr><th scope=\"row\">").append(escaped(row(clip))).append("</th>");
      for (String stage : report.stages()) {
        Object seconds = clip.map("stage_seconds").get(stage);
        cell(page, seconds instanceof Number n ? Durations.text(n.doubleValue()) : "-");
      }
      cell(page, Durations.text(clip.seconds()));
      cell(page, Bytes.text(clip.number("measured_peak_bytes").longValue()));
      cell(page, Bytes.text(((Number) clip.map("plan").get("host_bytes")).longValue()));
      if (hasHost) {
        cell(page, Bytes.text(clip.number(HOST).longValue()));
      }
      if (report.hasEnergy()) {
        cell(page, String.format(Locale.ROOT, "%.0f J", clip.number("energy_joules")));
      }
      ComparisonReport.methods().keySet().forEach(m -> cell(page, shown(m, clip.measure(m))));
      for (String id : held) {
        cell(
            page,
            isIdentical(clip) && id.equals("psnr") ? "no error" : shown(id, clip.measure(id)));
      }
      page.append("</tr>");
    }
    page.append("</tbody></table></div>");
  }

  private static boolean isIdentical(ComparedClip clip) {
    return Boolean.TRUE.equals(clip.map(ComparedClip.AGAINST).get("identical"));
  }

  private void notes(StringBuilder page) {
    List<String> notes = new ArrayList<>();
    for (ComparedClip clip : report.all().toList()) {
      clip.notes().forEach(note -> notes.add(row(clip) + ": " + note));
      if (!clip.isTimedWhole()) {
        notes.add(row(clip) + ": " + clip.text(ComparisonReport.PARTLY_TIMED));
      }
    }
    if (!notes.isEmpty()) {
      page.append("<ul>");
      notes.forEach(note -> page.append("<li>").append(escaped(note)).append("</li>"));
      page.append("</ul>");
    }
  }

  /** Begins a table that scrolls where it is too wide, up to the cells of its heading. */
  static void beginTable(StringBuilder page, String caption) {
    page.append("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"");
    page.append(escaped(caption)).append("\"><table><caption>").append(escaped(caption));
    page.append("</caption><thead><tr>");
  }

  static void heading(StringBuilder page, String text) {
    page.append("<th scope=\"col\">").append(escaped(text)).append("</th>");
  }

  static void cell(StringBuilder page, String text) {
    page.append("<td>").append(escaped(text)).append("</td>");
  }

  private static String shown(String measure, Double value) {
    return value == null ? "-" : number(value, measure.equals(LatentCosine.ID) ? FINE : COARSE);
  }

  /** So many digits behind the point. */
  static String number(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}
