// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import dev.wanlet.cli.bench.StageTimes;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.profiles.RateProbe;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.pipeline.OpenPipeline;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.pipeline.SamplingRun;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** One row or two of the table: steps of one size, and decoding it. Stateless. */
final class TimeModelTrial {
  private static final String PROMPT = "a red circle moving left on a black background";

  private TimeModelTrial() {}

  /** Says what a probe measured. */
  private static final class Watch implements DeviceRates.Source {
    private final RateProbe probe;
    private DeviceRates rates;

    Watch(RateProbe probe) {
      this.probe = probe;
    }

    @Override
    public DeviceRates of(Device device, int threads) {
      rates = probe.of(device, threads);
      return rates;
    }

    @Override
    public DeviceRates of(Device device, int threads, Set<TensorType> types, List<Path> files) {
      rates = probe.of(device, threads, types, files);
      return rates;
    }
  }

  /**
   * Runs one warm-up step and some measured ones, of which the fastest counts.
   *
   * @param size width, height, frames
   * @param resident whether every block stays; else every block is streamed
   * @param decodes whether the latents are decoded too
   * @return lines of the table
   */
  static List<String> run(
      ModelFiles files,
      RateProbe probe,
      int[] size,
      boolean resident,
      int repetitions,
      boolean decodes)
      throws IOException {
    Path output = Files.createTempDirectory("wanlet-clip").resolve("clip_%04d.png");
    GenerationRequest.Builder request =
        GenerationRequest.builder()
            .prompt(PROMPT)
            .negativePrompt("")
            .seed(1)
            .size(size[0], size[1])
            .frames(size[2])
            .steps(repetitions + 1)
            .guidanceScale(5)
            .output(output);
    if (!resident) {
      request.set(Settings.MAX_RESIDENT, 0);
    }
    StageTimes listener = new StageTimes();
    Watch watch = new Watch(probe);
    List<String> lines = new ArrayList<>();
    try (OpenPipeline pipeline = new VideoPipeline(files, watch).open();
        SamplingRun run =
            pipeline.start(
                request.build(files.model()),
                RunOptions.defaults().overwritingSaved().withListener(listener))) {
      run.step();
      double best = Double.MAX_VALUE;
      for (int i = 0; i < repetitions; i++) {
        long start = System.nanoTime();
        run.step();
        best = Math.min(best, (System.nanoTime() - start) / 1e9);
      }
      String weights = resident ? "resident" : "streamed";
      double predicted = listener.plan().transformer().stepSeconds();
      lines.add(line(size, listener.plan(), weights, "a guided step", predicted, best, watch));
      if (decodes) {
        run.finish();
        lines.add(
            line(
                size,
                listener.plan(),
                "resident",
                "decoding",
                listener.plan().stage(Stage.DECODE).seconds().orElseThrow(),
                listener.seconds().get(Stage.DECODE),
                watch));
      }
    }
    return lines;
  }

  private static String line(
      int[] size,
      RunPlan plan,
      String weights,
      String what,
      double predicted,
      double measured,
      Watch watch) {
    return String.format(
        Locale.ROOT,
        "| %dx%dx%d | %d | %s | %s | %.2f s | %.2f s | %.2f | %.0f GFLOP/s of products and %.0f of"
            + " attention; %s |",
        size[0],
        size[1],
        size[2],
        plan.transformer().run().grid().tokens(),
        weights,
        what,
        predicted,
        measured,
        predicted / measured,
        watch.rates.flops() / 1e9,
        watch.rates.attentionFlops() / 1e9,
        watch.rates.source());
  }
}
