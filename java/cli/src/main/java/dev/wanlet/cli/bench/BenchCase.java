// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.bench;

import dev.wanlet.cli.options.MeasuredRates;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.pipeline.Cancellation;
import dev.wanlet.wan.pipeline.OpenPipeline;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.pipeline.SamplingRun;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * A model at one size, with so many threads and so much memory. Immutable.
 *
 * @param files of the model
 * @param values all settings that were given for it, size and memory included
 */
record BenchCase(ModelFiles files, SettingValues values) {
  private static final String PROMPT = "a red circle moving left on a black background";
  private static final int SEED = 1;

  /**
   * What came of it.
   *
   * @param seconds of every repetition of each test
   */
  record Samples(FrameSize size, int frames, RunPlan plan, Map<BenchTest, List<Double>> seconds) {}

  /**
   * Runs it. Every repetition is a run of its own in one open pipeline: two steps, of which the
   * second is timed, and another one where the frames are made.
   *
   * @param warmUp whether a first run is not counted
   * @throws java.util.concurrent.CancellationException if cancelled
   * @throws dev.wanlet.wan.memory.MemoryBudgetException if it does not fit
   */
  Samples run(Set<BenchTest> tests, int repetitions, boolean warmUp, Cancellation cancellation)
      throws IOException {
    Path folder = Files.createTempDirectory("wanlet-bench");
    Map<BenchTest, List<Double>> seconds = new EnumMap<>(BenchTest.class);
    try (OpenPipeline pipeline = new VideoPipeline(files, MeasuredRates.SOURCE).open()) {
      StageTimes times = new StageTimes();
      GenerationRequest request = request(folder, tests);
      for (int i = warmUp ? -1 : 0; i < repetitions; i++) {
        times = new StageTimes();
        double step = once(pipeline, request, tests, times, cancellation);
        if (i >= 0) {
          add(seconds, tests, times.seconds(), step);
        }
      }
      return new Samples(request.clip().size(), request.clip().frames(), times.plan(), seconds);
    } finally {
      delete(folder);
    }
  }

  private static double once(
      OpenPipeline pipeline,
      GenerationRequest request,
      Set<BenchTest> tests,
      StageTimes times,
      Cancellation cancellation)
      throws IOException {
    RunOptions options =
        RunOptions.defaults().overwritingSaved().withListener(times).withCancellation(cancellation);
    try (SamplingRun run = pipeline.start(request, options)) {
      double step = 0;
      if (tests.contains(BenchTest.STEP)) {
        run.step();
        long start = System.nanoTime();
        run.step();
        step = (System.nanoTime() - start) / 1e9;
      }
      if (tests.contains(BenchTest.DECODE)) {
        run.finish();
      }
      return step;
    }
  }

  private static void add(
      Map<BenchTest, List<Double>> all, Set<BenchTest> tests, Map<Stage, Double> run, double step) {
    for (BenchTest test : tests) {
      Double time = test == BenchTest.STEP ? Double.valueOf(step) : run.get(test.stage());
      if (time != null) {
        all.computeIfAbsent(test, t -> new ArrayList<>()).add(time);
      }
    }
  }

  private GenerationRequest request(Path folder, Set<BenchTest> tests) throws IOException {
    // The last step also saves the run: it is not the one that is timed.
    int steps = tests.contains(BenchTest.STEP) ? 3 : 1;
    GenerationRequest.Builder builder =
        GenerationRequest.builder()
            .prompt(PROMPT)
            .seed(SEED)
            .set(values)
            .steps(steps)
            .output(folder.resolve("clip_%04d.png"));
    int pictures = files.model().transformer().variant().leastPictures();
    if (pictures > 0) {
      Path grey = grey(folder.resolve("grey.png"));
      builder.set(Settings.INIT_IMG, grey);
      if (pictures > 1) {
        builder.set(Settings.END_IMG, grey);
      }
    }
    return builder.build(files.model());
  }

  private static Path grey(Path file) throws IOException {
    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setColor(Color.GRAY);
    g.fillRect(0, 0, image.getWidth(), image.getHeight());
    g.dispose();
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
