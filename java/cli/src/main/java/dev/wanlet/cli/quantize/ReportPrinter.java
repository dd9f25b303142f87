// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.quantize;

import dev.wanlet.base.Count;
import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.Json;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.quantize.QuantizeReport;
import dev.wanlet.quantize.TensorReport;
import dev.wanlet.wan.memory.ByteSize;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Shows a report to people and to scripts. Stateless. */
final class ReportPrinter {
  private record Tally(int tensors, long bytes) {}

  private ReportPrinter() {}

  static void print(
      PrintWriter out,
      Path output,
      QuantizeReport report,
      Optional<ForwardComparison.Result> verified) {
    out.printf("%-50s %-7s %-7s %10s %10s %10s%n", "tensor", "from", "to", "rmse", "max", "cosine");
    Map<TensorType, Tally> types = new TreeMap<>();
    int exact = 0;
    for (TensorReport t : report.tensors()) {
      types.merge(
          t.type(),
          new Tally(1, t.bytes()),
          (a, b) -> new Tally(a.tensors + b.tensors, a.bytes + b.bytes));
      if (t.error().squaredError() == 0) {
        exact++;
        continue;
      }
      out.printf(
          Locale.ROOT,
          "%-50s %-7s %-7s %10.3e %10.3e %10.7f%n",
          Printable.name(t.name()),
          t.sourceType(),
          t.type(),
          t.error().rmse(),
          t.error().largest(),
          t.error().cosine());
    }
    String are = exact == 1 ? " is" : " are";
    out.printf("%s%s stored without loss%n%n", Count.of(exact, "tensor"), are);
    types.forEach(
        (type, tally) ->
            out.printf(
                "%-7s %5d tensor%s  %s%n",
                type, tally.tensors, tally.tensors == 1 ? " " : "s", ByteSize.format(tally.bytes)));
    report.loras().forEach(lora -> out.println(Printable.message(lora.summary())));
    out.printf(
        Locale.ROOT,
        "%s, %s: %s -> %s, %.2f bits a weight%n",
        report.kind().title(),
        report.recipe(),
        ByteSize.format(report.sourceBytes()),
        ByteSize.format(report.fileBytes()),
        report.bitsPerWeight());
    out.printf(
        Locale.ROOT,
        "mean relative error of the matrices %.3e, of all weights %.3e, cosine %.7f%n",
        report.meanRelativeError(),
        report.totalError().relativeRmse(),
        report.totalError().cosine());
    verified.ifPresent(
        result ->
            out.printf(
                Locale.ROOT,
                "forward pass on %s: relative error %.3e, cosine %.7f%n",
                Printable.text(result.inputs()),
                result.error().relativeRmse(),
                result.error().cosine()));
    if (report.written()) {
      out.printf(
          Locale.ROOT,
          "%s written in %.1f s, %s of buffers%s%n",
          Printable.text(output),
          report.seconds(),
          ByteSize.format(report.nativeBytes()),
          report.peakResidentBytes() == 0
              ? ""
              : ", " + ByteSize.format(report.peakResidentBytes()) + " resident at most");
    } else {
      out.printf(
          Locale.ROOT,
          "%s not written (dry run; errors are of samples), %.1f s%n",
          Printable.text(output),
          report.seconds());
    }
    out.flush();
  }

  static void printJson(
      PrintWriter out,
      Path output,
      QuantizeReport report,
      Optional<ForwardComparison.Result> verified) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("output", output.toString());
    json.put("written", report.written());
    json.put("network", report.kind().title());
    json.put("layout", report.layout().title());
    json.put("recipe", report.recipe());
    json.put("parameters", report.parameters());
    json.put("source_bytes", report.sourceBytes());
    json.put("file_bytes", report.fileBytes());
    json.put("bits_per_weight", report.bitsPerWeight());
    json.put("mean_relative_error", report.meanRelativeError());
    json.put("relative_rmse", report.totalError().relativeRmse());
    json.put("cosine", report.totalError().cosine());
    json.put("seconds", report.seconds());
    json.put("buffer_bytes", report.nativeBytes());
    json.put("peak_resident_bytes", report.peakResidentBytes());
    List<Map<String, Object>> loras = new ArrayList<>();
    for (QuantizeReport.Lora lora : report.loras()) {
      Map<String, Object> each = new LinkedHashMap<>();
      each.put("file", lora.file());
      each.put("strength", lora.strength());
      each.put("matched", lora.matched());
      each.put("unmatched", lora.unmatched());
      each.put("summary", lora.summary());
      loras.add(each);
    }
    json.put("loras", loras);
    verified.ifPresent(
        result -> {
          Map<String, Object> verify = new LinkedHashMap<>();
          verify.put("inputs", result.inputs());
          verify.put("relative_error", result.error().relativeRmse());
          verify.put("cosine", result.error().cosine());
          json.put("verify", verify);
        });
    json.put("tensors", report.tensors().stream().map(ReportPrinter::json).toList());
    out.println(Json.line(json));
    out.flush();
  }

  private static Map<String, Object> json(TensorReport t) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", t.name());
    json.put("shape", t.shape().dims());
    json.put("from", t.sourceType());
    json.put("to", t.type());
    json.put("reason", t.reason().name().toLowerCase(Locale.ROOT));
    json.put("bytes", t.bytes());
    json.put("rmse", t.error().rmse());
    json.put("relative_rmse", t.error().relativeRmse());
    json.put("max", t.error().largest());
    json.put("cosine", t.error().cosine());
    return json;
  }
}
