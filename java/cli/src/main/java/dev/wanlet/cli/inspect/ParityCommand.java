// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.inspect;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.options.SettingFlags;
import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.parity.ParityOptions;
import dev.wanlet.wan.parity.ParityReport;
import dev.wanlet.wan.parity.ParityRunner;
import dev.wanlet.wan.parity.TapResult;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code wanlet parity}: compares a network with reference tensors. Confined to one thread. */
@Command(
    name = "parity",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description = {
      "Run a folder of reference tensors and print the error of every tap:",
      "its name, largest difference, normalised mean square error, tolerance, and ok or FAIL."
    },
    footerHeading = "%nExample:%n",
    footer = "  wanlet parity golden/dit-t2v",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:every tap is within its tolerance",
      "1:at least one is not",
      "3:the folder is missing, damaged or of an unknown kind"
    })
public final class ParityCommand implements Callable<Integer> {
  private static final int OVER_TOLERANCE = 1;

  @Spec private CommandSpec spec;

  @Parameters(arity = "1", paramLabel = "DIR", description = "Folder with config.json and tensors.")
  private Path folder;

  @Mixin(name = "Device")
  private CommandSpec device = SettingFlags.of(List.of(Settings.DEVICE, Settings.THREADS));

  @Option(
      names = "--precision",
      paramLabel = "HOW",
      defaultValue = "f32",
      description =
          "f32, which the tolerances are meant for, or auto: as in production (default:"
              + " ${DEFAULT-VALUE}).")
  private Precision precision;

  @Option(
      names = "--streamed",
      description =
          "In the least memory: blocks through one slot, tokens in the shortest chunks, a VAE's"
              + " frames in narrow bands.")
  private boolean streamed;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    ComputeSettings compute = SettingFlags.given(device).compute();
    ParityOptions options =
        new ParityOptions(
            Device.byName(compute.device()),
            precision,
            compute.threads().orElse(Backend.availableThreads()),
            streamed);
    List<TapResult> results = ParityRunner.run(folder, options);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.text(facts(results)));
    } else {
      List<String> lines = ParityReport.lines(results);
      lines.subList(0, results.size()).forEach(out::println);
      // The sum is for people; what scripts read is one line per tap.
      out.flush();
      lines.subList(results.size(), lines.size()).forEach(spec.commandLine().getErr()::println);
    }
    out.flush();
    return ParityReport.passed(results) ? ExitCode.OK : OVER_TOLERANCE;
  }

  private Map<String, Object> facts(List<TapResult> results) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("folder", folder.toString());
    facts.put("ok", ParityReport.passed(results));
    facts.put("taps", results.stream().map(ParityCommand::facts).toList());
    return facts;
  }

  private static Map<String, Object> facts(TapResult result) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("name", result.name());
    facts.put("max_abs", finite(result.maxAbs()));
    facts.put("nmse", finite(result.nmse()));
    facts.put("tolerance", result.bound());
    facts.put("ok", result.ok());
    facts.put("problem", result.problem());
    return facts;
  }

  /** JSON has no infinity. */
  private static Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
