// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.sampling;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.OpenPipeline;
import dev.wanlet.wan.pipeline.SamplingRun;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Renders clips of the demo model with settings that differ from its own in one point, and counts
 * passes of the transformer, processor time and how often the clip shows the asked colour, shape,
 * motion and background. Prints a Markdown table, row by row. Arguments: the number of prompts, and
 * optionally rows, each the flags of a run in one argument, such as {@code "--guidance-rule apg"};
 * without them one of each kind.
 *
 * <p>With {@code --log FILE} in front every clip is also compared with one of 50 steps and written
 * to a log, from which a table that was stopped goes on and {@link PairedTable} makes a table of
 * differences.
 */
public final class SamplingTable {
  /** So small a model is no faster on several threads, and one thread's time can be told. */
  static final ComputeSettings ONE_THREAD =
      new ComputeSettings(
          "CPU", OptionalInt.of(1), OptionalLong.empty(), OptionalLong.empty(), Precision.AUTO);

  private SamplingTable() {}

  public static void main(String[] args) throws IOException {
    if (args.length > 1 && args[0].equals("--log")) {
      List<String> rest = List.of(args).subList(2, args.length);
      int count = rest.isEmpty() ? 96 : Integer.parseInt(rest.get(0));
      new LoggedClips(Path.of(args[1]), count)
          .run(rest.size() > 1 ? rest.subList(1, rest.size()) : loggedRows());
      return;
    }
    int prompts = args.length > 0 ? Integer.parseInt(args[0]) : 8;
    List<String> rows = args.length > 1 ? List.of(args).subList(1, args.length) : rows();
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    out.println("| settings | passes | processor seconds of sampling | " + ShapeTally.HEAD + " |");
    out.println("|---|---|---|---|---|---|---|");
    Path folder = Files.createTempDirectory("wanlet-sampling");
    try {
      for (String row : rows) {
        out.println(measure(row, prompts, folder.resolve("clip.mp4")));
      }
    } finally {
      try (var files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
  }

  /** One factor varied at a time around the model's own settings; the dearest come last. */
  private static List<String> loggedRows() throws IOException {
    String four = " --lora " + DemoModel.fourStepAdapter();
    return List.of(
        "",
        "--sigmas 1,0.9375,0.833333,0.625 --cfg-scale 1" + four,
        "--cache easy --cache-threshold 0.1",
        "--cache mag --cache-threshold 0.06",
        "--cache tea",
        "--cache easy",
        "--cache mag",
        "--steps 10",
        "--steps 4",
        "--cfg-scale 1",
        "--cache easy --cache-threshold 0.2",
        "--cache mag --cache-threshold 0.3",
        "--cache tea --cache-threshold 0.2",
        "--guidance-interval 0,0.5",
        "--sampling-method unipc",
        "--sampling-method dpm++2m",
        "--sampling-method euler_a",
        "--sampling-method res_multistep",
        "--guidance-rule cfg-zero-star",
        "--guidance-rule apg",
        "--slg-blocks 3",
        "--guidance-interval 0.2,1",
        "--scheduler beta",
        "--scheduler karras",
        "--steps 8",
        "--steps 30",
        "--steps 50");
  }

  private static List<String> rows() throws IOException {
    List<String> rows =
        new ArrayList<>(
            List.of(
                "",
                "--sampling-method unipc",
                "--sampling-method dpm++2m",
                "--sampling-method euler_a",
                "--sampling-method res_multistep",
                "--scheduler beta",
                "--scheduler karras",
                "--guidance-interval 0,0.5",
                "--guidance-interval 0.2,1",
                "--guidance-rule cfg-zero-star",
                "--guidance-rule cfg-zero-star --zero-init-steps 0",
                "--guidance-rule apg",
                "--slg-blocks 3",
                "--cfg-scale 1"));
    rows.add(
        "--sigmas 1,0.9375,0.833333,0.625 --cfg-scale 1 --lora " + DemoModel.fourStepAdapter());
    return rows;
  }

  private static String measure(String row, int prompts, Path clip) throws IOException {
    ModelFiles files = ModelFiles.in(DemoModel.directory());
    ShapeTally right = new ShapeTally();
    int passes = 0;
    double seconds = 0;
    try (OpenPipeline open = new VideoPipeline(files).open()) {
      for (int i = 0; i < prompts; i++) {
        String prompt = DemoPrompts.prompt(i);
        GenerationRequest.Builder builder =
            GenerationRequest.builder().prompt(prompt).seed(i).output(clip).compute(ONE_THREAD);
        add(builder, row);
        GenerationRequest request = builder.build(files.model());
        passes = request.sampling().passes().total();
        try (SamplingRun run = open.start(request)) {
          long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
          while (!run.isDone()) {
            run.step();
          }
          seconds += (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before) / 1e9;
          run.finish();
        }
        right.add(prompt, clip);
      }
    }
    String settings = row.isEmpty() ? "the model's own" : row.replaceAll("\\S*/", "");
    return String.format(
        Locale.ROOT, "| %s | %d | %.2f | %s |", settings, passes, seconds / prompts, right.cells());
  }

  static void add(GenerationRequest.Builder builder, String row) {
    String[] words = row.isEmpty() ? new String[0] : row.split(" ");
    for (int i = 0; i + 1 < words.length; i += 2) {
      String flag = words[i];
      Setting<?> setting =
          Settings.TABLE.settings().stream()
              .filter(s -> s.option().equals(flag))
              .findFirst()
              .orElseThrow(() -> new IllegalArgumentException("no setting has the flag " + flag));
      set(builder, setting, words[i + 1]);
    }
  }

  private static <T> void set(GenerationRequest.Builder builder, Setting<T> setting, String text) {
    builder.set(setting, setting.type().parser().apply(text));
  }
}
