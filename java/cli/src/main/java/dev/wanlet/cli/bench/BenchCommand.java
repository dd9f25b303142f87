// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.bench;

import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Interruption;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.cli.options.SettingFlags;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.pipeline.Cancellation;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.Setting.Section;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code wanlet bench}: times the stages of clips. Confined to one thread. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    sortOptions = false,
    description = {
      "Time the stages of a clip: text encoder, a step of the transformer, and decoding, for every"
          + " combination of what is listed. What stays open between stages is what the memory has"
          + " room for, as in any run: where it has none, the times of text and decode include"
          + " loading.",
      "Sampling recipes are not looked for."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet bench",
      "  wanlet bench -m wan-1.3b-Q8_0.gguf -m wan-1.3b-Q4_K.gguf --size 480x272x33 --tests step",
      "  wanlet bench -m Wan2.1-T2V-14B --vram 6GiB,8GiB --size 832x480x81 -r 1 -o jsonl"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:everything was timed",
      "2:bad arguments",
      "3:a file of a model is missing or damaged",
      "4:some combination does not fit its memory; the others were timed",
      "5:the device is missing or failed",
      "130:interrupted (Ctrl-C); what was timed is printed"
    })
public final class BenchCommand implements Callable<Integer> {
  /** These are listed here. */
  private static final List<Setting<?>> LISTED =
      List.of(Settings.MODEL, Settings.THREADS, Settings.VRAM);

  @Spec private CommandSpec spec;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "FOLDER|FILE|ID",
      description = "A model; may be given often (default: the demo model).")
  private List<String> models = new ArrayList<>();

  @Option(
      names = {"-t", "--threads"},
      split = ",",
      paramLabel = "COUNT",
      description = "Threads of a CPU device, such as 1,2,4 (default: one per processor).")
  private List<Integer> threads = new ArrayList<>();

  @Option(
      names = "--size",
      split = ",",
      paramLabel = "WxH[xFRAMES]",
      description = "Clips, such as 480x272x33,832x480x81 (default: the model's own).")
  private List<String> sizes = new ArrayList<>();

  @Option(
      names = "--vram",
      split = ",",
      paramLabel = "SIZE",
      description = "Device memory, such as 4GiB,8GiB (default: what is free).")
  private List<String> budgets = new ArrayList<>();

  @Option(
      names = "--tests",
      split = ",",
      paramLabel = "NAME",
      description =
          "What to time, of text, clip, encode, step, decode (default: all that the model has).")
  private List<BenchTest> tests = new ArrayList<>();

  @Option(
      names = {"-r", "--repetitions"},
      paramLabel = "COUNT",
      defaultValue = "3",
      description = "How often each is timed, 1 to 1000 (default: ${DEFAULT-VALUE}).")
  private int repetitions;

  @Option(
      names = "--no-warmup",
      description = "Count the first run too, which reads files anew and loads weights.")
  private boolean cold;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      defaultValue = "md",
      description = "md, csv, json or jsonl (default: ${DEFAULT-VALUE}).")
  private BenchOutput.Form form;

  @Mixin(name = "Model")
  private CommandSpec model = others(Section.MODEL);

  @Mixin(name = "Sampling")
  private CommandSpec sampling = SettingFlags.of(List.of(Settings.GUIDANCE_SCALE));

  @Mixin(name = "Device and memory")
  private CommandSpec compute = others(Section.COMPUTE);

  private static CommandSpec others(Section section) {
    return SettingFlags.of(
        Settings.TABLE.listed(section).stream().filter(s -> !LISTED.contains(s)).toList());
  }

  @Override
  public Integer call() throws IOException {
    if (repetitions < 1 || repetitions > 1000) {
      throw new RequestException("-r " + repetitions + "; expected 1 to 1000");
    }
    Set<BenchTest> wanted =
        tests.isEmpty() ? EnumSet.allOf(BenchTest.class) : EnumSet.copyOf(tests);
    BenchOutput output = new BenchOutput(form, spec.commandLine().getOut());
    List<BenchCase> cases = cases();
    Cancellation cancellation = new Cancellation();
    int code = ExitCode.OK;
    Interruption interruption = Interruption.onInterrupt(cancellation::cancel);
    try (interruption) {
      for (int i = 0; i < cases.size(); i++) {
        say(String.format(Locale.ROOT, "case %d of %d", i + 1, cases.size()));
        try {
          time(cases.get(i), wanted, output, cancellation);
        } catch (MemoryBudgetException e) {
          say("left out: " + Printable.message(e.getMessage()));
          code = ExitCode.OVER_BUDGET;
        }
      }
    } finally {
      output.finish();
    }
    return code;
  }

  private void time(
      BenchCase bench, Set<BenchTest> wanted, BenchOutput output, Cancellation cancellation)
      throws IOException {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    BenchCase.Samples samples = bench.run(wanted, repetitions, !cold, cancellation);
    for (BenchTest test : wanted) {
      if (samples.seconds().containsKey(test)) {
        output.add(BenchRow.of(bench, samples, test, load));
      } else if (tests.contains(test)) {
        say(bench.files().model().id() + " has no test '" + test.id() + "'");
      }
    }
  }

  /** Every combination; models outermost, so that a file is read while it is in memory. */
  private List<BenchCase> cases() throws IOException {
    List<ClipSize> clips = sizes.stream().map(ClipSize::parse).toList();
    List<ByteSize> memory = budgets.stream().map(BenchCommand::budget).toList();
    List<BenchCase> cases = new ArrayList<>();
    for (String name : orNone(models)) {
      SettingValues ofModel =
          SettingFlags.given(model, sampling, compute).with(Settings.MODEL, name);
      ModelFiles files = ModelFinder.resolve(ofModel.model());
      for (ClipSize clip : orNone(clips)) {
        SettingValues sized = clip == null ? ofModel : sized(ofModel, clip);
        for (ByteSize most : orNone(memory)) {
          for (Integer count : orNone(threads)) {
            cases.add(
                new BenchCase(
                    files, sized.with(Settings.VRAM, most).with(Settings.THREADS, count)));
          }
        }
      }
    }
    return cases;
  }

  private static SettingValues sized(SettingValues values, ClipSize clip) {
    SettingValues sized =
        values
            .with(Settings.WIDTH, clip.size().width())
            .with(Settings.HEIGHT, clip.size().height());
    return clip.frames().isPresent()
        ? sized.with(Settings.FRAMES, clip.frames().getAsInt())
        : sized;
  }

  private static ByteSize budget(String text) {
    try {
      return Settings.VRAM.type().parser().apply(text);
    } catch (IllegalArgumentException e) {
      throw new RequestException(e.getMessage(), e);
    }
  }

  /** A list with nothing in it stands for one thing that is left open. */
  private static <T> List<T> orNone(List<T> list) {
    return list.isEmpty() ? Collections.singletonList(null) : list;
  }

  private void say(String line) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("wanlet: " + line);
    err.flush();
  }
}
