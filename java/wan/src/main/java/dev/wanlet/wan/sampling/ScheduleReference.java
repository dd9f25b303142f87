// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs the reference cases of the solvers, by name: the sampling half of {@code wanlet parity} and
 * of the tests.
 *
 * <p>A case is {@code SOLVER.stepsN_shiftS} with SOLVER unipc, dpmpp or euler (all three as the
 * official code pairs them with a table), {@code euler_a} or {@code res_multistep} (on the plain
 * table), {@code distilled.listA_B_C_shiftS}, {@code rcm.stepsN_maxM}, or {@code
 * tables.NAME_stepsN_shiftS} for the levels of a {@link NoiseScheduler}. In place of a model stands
 * {@code v = 0.3 * x + sin(t / 1000) + noise}, in float32. Stateless, thread-safe.
 */
public final class ScheduleReference {
  private static final Pattern STEPS_CASE =
      Pattern.compile(
          "(unipc|dpmpp|euler|euler_a|res_multistep)\\.steps(\\d{1,5})_shift(\\d{1,4}(?:[._]\\d{1,6})?)");
  private static final Pattern LIST_CASE =
      Pattern.compile("distilled\\.list(\\d{1,4}(?:_\\d{1,4})*)_shift(\\d{1,4}(?:\\.\\d{1,6})?)");

  private static final Pattern RCM_CASE = Pattern.compile("rcm\\.steps(\\d{1,2})_max(\\d{1,6})");
  private static final Pattern TABLE_CASE =
      Pattern.compile("tables\\.([a-z]+)_steps(\\d{1,5})_shift(\\d{1,4}(?:[._]\\d{1,6})?)");

  private final float[] x0;
  private final float[] noise;
  private final float[] renoise;

  /**
   * Takes the inputs that all cases share.
   *
   * @param x0 initial latents, [C, F, H, W] flattened
   * @param noise constant term of the stand-in model, as long as {@code x0}
   * @param renoise fresh noise of each few-step step, [steps, C, F, H, W] flattened
   * @throws IllegalArgumentException if the lengths do not fit together
   */
  public ScheduleReference(float[] x0, float[] noise, float[] renoise) {
    if (x0.length == 0 || noise.length != x0.length || renoise.length % x0.length != 0) {
      throw new IllegalArgumentException(
          String.format(
              "schedule inputs: x0 has %d values, noise %d, renoise %d; expected equal lengths for"
                  + " the first two and a multiple of them for renoise",
              x0.length, noise.length, renoise.length));
    }
    this.x0 = x0.clone();
    this.noise = noise.clone();
    this.renoise = renoise.clone();
  }

  /**
   * Runs one case.
   *
   * @param name e.g. {@code unipc.steps20_shift5} or {@code distilled.list1000_500_shift3}
   * @return {@code sigmas} [N + 1] (distilled: [N], without the final 0), {@code timesteps} [N],
   *     {@code trajectory} [N + 1, C, F, H, W]; for unipc also {@code predictor_order} [N], for
   *     distilled {@code renoise_trajectory} [N + 1, C, F, H, W] if {@code renoise} has rows for
   *     all steps but the last. Integers are given as floats
   * @throws IllegalArgumentException if the name is none of the known forms
   */
  public Map<String, float[]> run(String name) {
    Matcher steps = STEPS_CASE.matcher(name);
    if (steps.matches()) {
      int count = Integer.parseInt(steps.group(2));
      return solverCase(steps.group(1), count, shift(steps.group(3)));
    }
    Matcher list = LIST_CASE.matcher(name);
    if (list.matches()) {
      int[] entries = Arrays.stream(list.group(1).split("_")).mapToInt(Integer::parseInt).toArray();
      return distilledCase(FlowSchedule.distilled(entries, shift(list.group(2))));
    }
    Matcher rcm = RCM_CASE.matcher(name);
    if (rcm.matches()) {
      FlowSchedule schedule =
          FlowSchedule.rcm(Integer.parseInt(rcm.group(1)), Integer.parseInt(rcm.group(2)));
      return levels(schedule, trajectory(SamplingMethod.RCM.create(schedule, this::fresh)));
    }
    Matcher table = TABLE_CASE.matcher(name);
    if (table.matches()) {
      FlowSchedule schedule =
          NoiseScheduler.parse(table.group(1))
              .schedule(Integer.parseInt(table.group(2)), shift(table.group(3)));
      return levels(schedule, null);
    }
    throw new IllegalArgumentException(
        "schedule case '"
            + name
            + "' is not known; expected unipc|dpmpp|euler|euler_a|res_multistep.stepsN_shiftS,"
            + " distilled.listA_B_shiftS, rcm.stepsN_maxM or tables.NAME_stepsN_shiftS");
  }

  private static Map<String, float[]> levels(FlowSchedule schedule, float[] trajectory) {
    Map<String, float[]> taps = new LinkedHashMap<>();
    taps.put("sigmas", schedule.sigmas());
    taps.put("timesteps", schedule.timesteps());
    if (trajectory != null) {
      taps.put("trajectory", trajectory);
    }
    return taps;
  }

  /** Rows of the inputs, over and over. */
  private float[] fresh(int step, int length) {
    int row = step % (renoise.length / length);
    return Arrays.copyOfRange(renoise, row * length, (row + 1) * length);
  }

  private static double shift(String text) {
    return Double.parseDouble(text.replace('_', '.'));
  }

  private Map<String, float[]> solverCase(String solver, int steps, double shift) {
    Map<String, float[]> taps = new LinkedHashMap<>();
    SamplingMethod method = SamplingMethod.parse(solver);
    FlowSchedule schedule =
        method == SamplingMethod.EULER
            ? FlowSchedule.unipc(steps, shift)
            : method.schedule(steps, shift);
    Sampler sampler = method.create(schedule, this::fresh);
    taps.put("sigmas", schedule.sigmas());
    taps.put("timesteps", schedule.timesteps());
    if (sampler instanceof UniPcSampler unipc) {
      float[] orders = new float[steps];
      for (int i = 0; i < steps; i++) {
        orders[i] = unipc.predictorOrder(i);
      }
      taps.put("predictor_order", orders);
    }
    taps.put("trajectory", trajectory(sampler));
    return taps;
  }

  private Map<String, float[]> distilledCase(FlowSchedule schedule) {
    Map<String, float[]> taps = new LinkedHashMap<>();
    taps.put("sigmas", Arrays.copyOf(schedule.sigmas(), schedule.steps()));
    taps.put("timesteps", schedule.timesteps());
    taps.put("trajectory", trajectory(new DistilledSampler(schedule)));
    if (renoise.length >= (schedule.steps() - 1) * x0.length) {
      StepNoise rows =
          (step, length) -> Arrays.copyOfRange(renoise, step * length, (step + 1) * length);
      taps.put("renoise_trajectory", trajectory(new DistilledSampler(schedule, rows)));
    }
    return taps;
  }

  private float[] trajectory(Sampler sampler) {
    List<float[]> points = new ArrayList<>();
    float[] x = sampler.method().begin(x0.clone(), sampler.schedule());
    points.add(x.clone());
    new SamplingLoop(sampler, this::velocity)
        .withListener(step -> points.add(step.latents().clone()))
        .run(x);
    float[] joined = new float[points.size() * x0.length];
    for (int i = 0; i < points.size(); i++) {
      System.arraycopy(points.get(i), 0, joined, i * x0.length, x0.length);
    }
    return joined;
  }

  private float[] velocity(float[] x, float timestep, int step) {
    float bias = (float) Math.sin(timestep / 1000.0f);
    float[] velocity = new float[x.length];
    for (int k = 0; k < x.length; k++) {
      velocity[k] = 0.3f * x[k] + bias + noise[k];
    }
    return velocity;
  }
}
