// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.cli.console.Json;
import dev.wanlet.wan.memory.Bytes;
import dev.wanlet.wan.quality.Better;
import dev.wanlet.wan.quality.ClipMeasures;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/** The comparison for people: one page with everything in it. Immutable. */
record ReportPage(List<ComparedClip> clips) {
  private static final String STYLE =
      """
      :root{color-scheme:light dark;--line:#8886}
      body{font:16px/1.5 system-ui,sans-serif;max-width:1200px;margin:0 auto;padding:1rem}
      h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
      .clips{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:1rem}
      figure{margin:0}video{width:100%;background:#000;image-rendering:pixelated;border-radius:4px}
      figcaption{font-size:.85rem;overflow-wrap:anywhere}
      .bar{position:sticky;top:0;display:flex;gap:.75rem;align-items:center;padding:.5rem 0;
      background:Canvas;z-index:1}.bar input{flex:1}button{font:inherit;padding:.3rem 1rem}
      .wide{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem}
      th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:right;
      white-space:nowrap}th:first-child,td:first-child{text-align:left}
      .plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:1rem}
      svg{width:100%;height:auto}svg text{fill:CanvasText;font-size:11px}
      dt{font-weight:600}dd{margin:0 0 .5rem 1rem}pre{overflow-x:auto;font-size:.8rem}
      """;

  /** One clock for all clips; a shorter one waits at its end. */
  private static final String SCRIPT =
      """
      const vs=[...document.querySelectorAll('video')],b=document.querySelector('#play'),
      r=document.querySelector('#at');let on=false,t=0,last=0,end=0;
      const show=force=>vs.forEach(v=>{const x=Math.min(t,Math.max(0,(v.duration||0)-.001));
      if(force||Math.abs(v.currentTime-x)>.02)if(!v.seeking)v.currentTime=x});
      const span=()=>{end=Math.max(0,...vs.map(v=>v.duration||0))};
      const tick=now=>{if(!on)return;t+=(now-last)/1000;last=now;span();if(t>end)t=0;
      r.value=end?1000*t/end:0;show(false);requestAnimationFrame(tick)};
      b.onclick=()=>{on=!on;b.textContent=on?'Pause':'Play';b.setAttribute('aria-pressed',on);
      if(on){last=performance.now();requestAnimationFrame(tick)}};
      r.oninput=()=>{span();t=r.value/1000*end;show(true)};
      """;

  /** The whole page. */
  String html() throws IOException {
    StringBuilder page =
        new StringBuilder("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">");
    page.append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
    page.append("<title>Wanlet: comparison</title><style>").append(STYLE).append("</style><main>");
    page.append("<h1>Comparison</h1><div class=\"bar\">");
    page.append("<button id=\"play\" aria-pressed=\"false\">Play</button>");
    page.append("<input id=\"at\" type=\"range\" min=\"0\" max=\"1000\" value=\"0\"");
    page.append(" aria-label=\"Position in all clips\"></div>");
    for (String prompt : clips.stream().map(c -> c.text("prompt")).distinct().toList()) {
      page.append("<h2>").append(escaped(prompt)).append("</h2><div class=\"clips\">");
      for (ComparedClip clip : clips) {
        if (clip.text("prompt").equals(prompt)) {
          figure(page, clip);
        }
      }
      page.append("</div>");
    }
    page.append(
        "<h2>Time and quality</h2><p>Each large dot is a variant, the mean of its clips, which are");
    page.append(" the small ones; the line joins the variants that no other beats in both time");
    page.append(" and the measure.</p><div class=\"plots\">");
    plot(page, "caption_accuracy", Better.HIGHER);
    ClipMeasures.infos().forEach(m -> plot(page, m.id(), m.better()));
    page.append("</div><h2>Figures</h2>");
    table(page);
    page.append("<p>").append(escaped(ComparisonReport.NO_REFERENCE)).append("</p>");
    page.append("<h2>Plans</h2>");
    for (ComparedClip clip : clips) {
      page.append("<details><summary>").append(escaped(title(clip))).append("</summary><pre>");
      page.append(escaped(Json.text(clip.map("plan"))));
      page.append("</pre></details>");
    }
    page.append(
        "<h2>Methods</h2><p>Our own methods; not scores of any published benchmark.</p><dl>");
    ComparisonReport.methods()
        .forEach(
            (name, method) ->
                page.append("<dt>")
                    .append(name)
                    .append("</dt><dd>")
                    .append(escaped(method))
                    .append("</dd>"));
    return page.append("</dl></main><script>")
        .append(SCRIPT)
        .append("</script></html>\n")
        .toString();
  }

  private static String title(ComparedClip clip) {
    return clip.text("variant") + ", seed " + clip.text("seed");
  }

  private static void figure(StringBuilder page, ComparedClip clip) throws IOException {
    page.append("<figure><video muted playsinline preload=\"auto\" aria-label=\"");
    page.append(escaped(title(clip))).append("\" src=\"data:video/webm;base64,");
    page.append(Base64.getEncoder().encodeToString(Files.readAllBytes(clip.file())));
    page.append("\"></video><figcaption><b>").append(escaped(title(clip))).append("</b><br>");
    page.append(clip.text("width")).append("x").append(clip.text("height")).append(", ");
    page.append(clip.text("frames")).append(" frames, ").append(clip.text("steps"));
    page.append(" steps, ").append(number(clip.seconds())).append(" s</figcaption></figure>");
  }

  private void table(StringBuilder page) {
    page.append(
        "<div class=\"wide\" tabindex=\"0\"><table><caption>Every clip</caption><thead><tr>");
    List<String> measures = List.copyOf(ComparisonReport.methods().keySet());
    List<String> stages =
        clips.stream().flatMap(c -> c.map("stage_seconds").keySet().stream()).distinct().toList();
    List<String> head = new ArrayList<>(List.of("clip"));
    stages.forEach(s -> head.add(s + " s"));
    head.addAll(List.of("device peak", "host planned"));
    head.addAll(measures);
    head.forEach(h -> page.append("<th scope=\"col\">").append(escaped(h)).append("</th>"));
    page.append("</tr></thead><tbody>");
    for (ComparedClip clip : clips) {
      page.append("<tr><th scope=\"row\">").append(escaped(title(clip))).append("</th>");
      stages.forEach(s -> cell(page, shown(clip.map("stage_seconds").get(s))));
      cell(page, Bytes.text((long) clip.number("measured_peak_bytes")));
      cell(page, Bytes.text(((Number) clip.map("plan").get("host_bytes")).longValue()));
      measures.forEach(m -> cell(page, shown(ComparisonReport.measure(clip, m))));
      page.append("</tr>");
    }
    page.append("</tbody></table></div>");
  }

  private static void cell(StringBuilder page, String text) {
    page.append("<td>").append(escaped(text)).append("</td>");
  }

  private void plot(StringBuilder page, String measure, Better better) {
    List<ComparedClip> shown =
        clips.stream().filter(c -> ComparisonReport.measure(c, measure) != null).toList();
    if (!shown.isEmpty()) {
      page.append(ParetoPlot.svg(measure, better, shown));
    }
  }

  private static String shown(Object value) {
    return value instanceof Number n ? number(n.doubleValue()) : "-";
  }

  static String number(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}
