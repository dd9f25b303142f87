// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.ProgressDisplay;
import dev.wanlet.cli.options.ClipFiles;
import dev.wanlet.cli.options.InputFiles;
import dev.wanlet.cli.options.MeasuredRates;
import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Shape;
import dev.wanlet.profiles.host.ProcessMemory;
import dev.wanlet.profiles.nvml.EnergyMeter;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.pipeline.Cancellation;
import dev.wanlet.wan.pipeline.GenerationListener;
import dev.wanlet.wan.pipeline.GenerationResult;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A clip that another command has made, as {@code generate} would. Immutable.
 *
 * @param files of the model
 * @param request what to make
 */
public record ClipMaker(ModelFiles files, GenerationRequest request) {
  /**
   * A finished clip.
   *
   * @param facts what {@code generate --json} says of the whole clip, with the plan under {@code
   *     plan} (less the budgets), {@code energy_joules} or why there are none under {@code
   *     energy_note}, {@code measured_host_bytes} where the system tells them, and {@code
   *     seconds_note} if an earlier call made a part of it
   * @param shape of the latents: [C, T, H, W]
   * @param latents before they were decoded
   */
  public record Made(Map<String, Object> facts, Shape shape, float[] latents) {}

  /**
   * What a profile and a sampling recipe make of what was given, for any prompt and seed.
   *
   * @param profile null for none
   * @param err hears of it
   */
  public static SettingValues choose(SettingValues given, String profile, PrintWriter err)
      throws IOException {
    ChosenSettings chosen = ChosenSettings.of(given, WishFlags.ofProfile(profile), err);
    chosen.notes().forEach(note -> err.println("wanlet: " + note));
    return chosen.values();
  }

  /**
   * A clip to make.
   *
   * @throws dev.wanlet.wan.catalog.RequestException if a setting cannot be, or the clip would
   *     replace what it is made from
   */
  public static ClipMaker of(ModelFiles files, SettingValues values, Path output)
      throws IOException {
    GenerationRequest request =
        GenerationRequest.builder().set(values).output(output).build(files.model());
    InputFiles.of(files, request).requireOther(request, "-o");
    return new ClipMaker(files, request);
  }

  /**
   * Everything that shapes the clip, by name: two clips of which this is the same are the same. The
   * name of a sampling recipe is not among it, only its values are.
   */
  public Map<String, String> decided() {
    Map<String, String> decided = new LinkedHashMap<>();
    for (Setting<?> setting : Settings.TABLE.settings()) {
      if (setting.scope().isStored()
          && setting.part().isEmpty()
          && !setting.equals(Settings.RECIPE)) {
        stored(setting).ifPresent(value -> decided.put(setting.name(), value));
      }
    }
    decided.put("model", files.model().id());
    for (ModelPart part : ModelPart.values()) {
      if (!files.fromDemo().contains(part)) {
        files.file(part).ifPresent(f -> decided.put(part.setting(), f.toAbsolutePath().toString()));
      }
    }
    return decided;
  }

  /** The files it is made from. */
  public InputFiles inputs() {
    return InputFiles.of(files, request);
  }

  private <T> Optional<String> stored(Setting<T> setting) {
    return request.find(setting).map(setting.type().storedForm()).map(String::valueOf);
  }

  /**
   * Makes the clip, or goes on with one that was stopped.
   *
   * @throws dev.wanlet.wan.memory.MemoryBudgetException before any work, if it does not fit
   * @throws java.util.concurrent.CancellationException if cancelled
   */
  public Made make(Cancellation cancellation, PrintWriter err) throws IOException {
    VideoPipeline pipeline = new VideoPipeline(files, MeasuredRates.SOURCE);
    Map<String, Object> plan =
        new LinkedHashMap<>(PlanReport.fitting(pipeline.plan(request)).facts());
    // What is free at the moment says nothing of the clip.
    plan.keySet().removeAll(List.of("budget_bytes", "host_budget_bytes"));
    Device device = Device.byName(request.compute().device());
    Optional<EnergyMeter> meter =
        device.isCpu() ? Optional.empty() : Optional.of(EnergyMeter.start(device.description()));
    Witness witness = new Witness();
    Map<String, Object> facts;
    try (ProgressDisplay progress = ProgressDisplay.open(err)) {
      RunOptions options =
          RunOptions.defaults().withCancellation(cancellation).withListener(progress.and(witness));
      GenerationResult result = pipeline.generate(request, options);
      ClipFiles.remember(result, files);
      facts = new LinkedHashMap<>(GenerationReport.of(result).facts());
    }
    // Of the steps that ran here alone; the plan says how much a step uploads.
    facts.remove("step_uploaded_bytes");
    facts.put("model", files.model().id());
    facts.put("device", device.name() + ": " + Printable.name(device.description()));
    putEnergy(facts, meter);
    if (witness.hostBytes > 0) {
      facts.put("measured_host_bytes", witness.hostBytes);
    }
    if (witness.stepsBefore > 0) {
      facts.put("seconds_note", witness.note());
    }
    facts.put("plan", plan);
    return new Made(facts, witness.shape, witness.latents);
  }

  private static void putEnergy(Map<String, Object> facts, Optional<EnergyMeter> meter) {
    OptionalDouble joules = meter.map(EnergyMeter::sinceStart).orElseGet(OptionalDouble::empty);
    if (joules.isPresent()) {
      facts.put("energy_joules", joules.getAsDouble());
    } else {
      facts.put(
          "energy_note",
          meter
              .flatMap(EnergyMeter::problem)
              .orElse("the clips were computed on the CPU, and only NVIDIA's cards count it"));
    }
  }

  /** Keeps what a report tells of a run beside its result. */
  private static final class Witness implements GenerationListener {
    private static final long NANOS_BETWEEN_LOOKS = 50_000_000;

    private long hostBytes; // the most that was seen
    private long lastLook = System.nanoTime() - NANOS_BETWEEN_LOOKS;
    private int stepsBefore;
    private int steps;
    private Shape shape;
    private float[] latents;

    @Override
    public void resumed(int step, int all) {
      stepsBefore = step;
      steps = all;
    }

    @Override
    public void sampled(Shape of, FloatBuffer values) {
      shape = of;
      latents = new float[values.remaining()];
      values.get(latents);
    }

    @Override
    public void progress(Stage stage, double done, int total) {
      if (System.nanoTime() - lastLook >= NANOS_BETWEEN_LOOKS) {
        hostBytes = Math.max(hostBytes, ProcessMemory.ownBytes().orElse(0));
        lastLook = System.nanoTime();
      }
    }

    String note() {
      return String.format(
          "an earlier call made %d of %d steps; times, energy and peak are those of the rest",
          stepsBefore, steps);
    }
  }
}
