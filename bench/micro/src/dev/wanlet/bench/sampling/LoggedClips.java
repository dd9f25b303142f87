// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.sampling;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.pipeline.GenerationResult;
import dev.wanlet.wan.pipeline.OpenPipeline;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.pipeline.SamplingRun;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.quality.ShapeScore;
import dev.wanlet.wan.request.GenerationRequest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Renders clips for a table of paired differences, one line of a log each. */
final class LoggedClips {
  private static final String FIFTY = "--steps 50";

  private final Path log;
  private final int prompts;
  private final ModelFiles files;
  private final Map<Integer, float[]> references = new HashMap<>();

  LoggedClips(Path log, int prompts) throws IOException {
    this.log = log;
    this.prompts = prompts;
    this.files = ModelFiles.in(DemoModel.directory());
  }

  /** What one run gave. */
  private record Sampled(float[] latents, double seconds, GenerationResult result) {}

  void run(List<String> rows) throws IOException {
    Set<String> done = new HashSet<>();
    if (Files.exists(log)) {
      Files.readAllLines(log).stream()
          .map(ClipResult::parse)
          .forEach(c -> done.add(c.row() + c.prompt()));
    }
    Path folder = Files.createTempDirectory("wanlet-sampling");
    try (OpenPipeline open = new VideoPipeline(files).open()) {
      for (String row : rows) {
        for (int i = 0; i < prompts; i++) {
          if (!done.contains(row + i)) {
            String line = measured(open, row, i, folder.resolve("clip.mp4")).line() + "\n";
            Files.writeString(log, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
          }
        }
      }
    } finally {
      try (var left = Files.list(folder)) {
        for (Path file : left.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
  }

  private ClipResult measured(OpenPipeline open, String row, int i, Path clip) throws IOException {
    Sampled sampled = sampled(open, row, i, clip, true);
    float[] reference = references.get(i);
    if (reference == null) {
      reference = sampled(open, FIFTY, i, clip, false).latents();
      references.put(i, reference);
    }
    ShapeScore asked = ShapeScore.fromPrompt(DemoPrompts.prompt(i));
    ShapeScore shown = ShapeScore.of(VideoReader.readAll(clip));
    int evaluations =
        sampled
            .result()
            .cache()
            .map(c -> c.computed())
            .orElse(sampled.result().request().sampling().passes().total());
    return new ClipResult(
        row,
        i,
        evaluations,
        sampled.seconds(),
        asked.colour().equals(shown.colour()),
        asked.shape().equals(shown.shape()),
        asked.motion().equals(shown.motion()),
        asked.background().equals(shown.background()),
        distance(sampled.latents(), reference));
  }

  private Sampled sampled(OpenPipeline open, String row, int i, Path clip, boolean finish)
      throws IOException {
    GenerationRequest.Builder builder =
        GenerationRequest.builder()
            .prompt(DemoPrompts.prompt(i))
            .seed(i)
            .output(finish ? clip : clip.resolveSibling("reference.mp4"))
            .compute(SamplingTable.ONE_THREAD);
    SamplingTable.add(builder, row);
    RunOptions anew = RunOptions.defaults().overwritingSaved();
    try (SamplingRun run = open.start(builder.build(files.model()), anew)) {
      long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      while (!run.isDone()) {
        run.step();
      }
      double seconds =
          (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before) / 1e9;
      float[] latents = run.latents().clone();
      return new Sampled(latents, seconds, finish ? run.finish() : null);
    }
  }

  private static double distance(float[] a, float[] b) {
    double difference = 0;
    double length = 0;
    for (int k = 0; k < a.length; k++) {
      difference += Math.pow((double) a[k] - b[k], 2);
      length += (double) b[k] * b[k];
    }
    return Math.sqrt(difference / length);
  }
}
