// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Backend;
import dev.wanlet.ggml.DeviceMemoryException;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.ggml.MemoryMeter;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.Bytes;
import dev.wanlet.wan.memory.MemoryBudget;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.memory.StagePlan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * One clip's way through the stages of an open pipeline. Each stage is opened within the budget,
 * run and closed, or kept for the next clip; if the device has less memory than planned, what is
 * left to do is planned anew. Used once; confined to one thread.
 */
final class PipelineRun {
  private static final System.Logger LOG = System.getLogger(PipelineRun.class.getName());

  /**
   * What a plan may use of the memory that turned out to be free, when another program took some.
   */
  private static final double REPLAN_SHARE = 0.85;

  private static final int MAX_REPLANS = 4;

  private final List<ClipStage> stages;
  private final OpenModel model;
  private final DeviceLease lease;
  private final Backend backend;
  private final RunPlanner planner;
  private final RunPlanner.Job job;
  private final MemoryBudget budget;
  private final Clip clip;
  private RunPlan plan;
  private long plannedPeak;

  PipelineRun(
      List<ClipStage> stages,
      OpenModel model,
      DeviceLease lease,
      Backend backend,
      RunPlanner planner,
      RunPlanner.Job job,
      MemoryBudget budget,
      RunPlan plan,
      Clip clip) {
    this.stages = stages;
    this.model = model;
    this.lease = lease;
    this.backend = backend;
    this.planner = planner;
    this.job = job;
    this.budget = budget;
    this.plan = plan;
    this.clip = clip;
  }

  Clip clip() {
    return clip;
  }

  /** Runs the stages that come before sampling. */
  void prepare() throws IOException {
    for (int i = 0; i < sampleStage(); i++) {
      run(i);
    }
  }

  /**
   * Samples until so many steps are done.
   *
   * @throws dev.wanlet.wan.sampling.SamplingCancelledException if cancelled; the steps that are
   *     done are saved
   */
  void sample(int until) throws IOException {
    if (!clip.sampling().isDone() || !clip.stageSeconds().containsKey(Stage.SAMPLE)) {
      clip.sampling().target(until);
      run(sampleStage());
    }
  }

  /** Samples to the end and runs the stages that come after. */
  GenerationResult finish() throws IOException {
    sample(clip.sampling().steps());
    clip.listener()
        .sampled(
            clip.sampling().shape(),
            FloatBuffer.wrap(clip.sampling().latents()).asReadOnlyBuffer());
    for (int i = sampleStage() + 1; i < stages.size(); i++) {
      run(i);
    }
    clip.sampling().saved().delete();
    return new GenerationResult(
        clip.output(),
        clip.request(),
        clip.sampling().stepSeconds(),
        clip.sampling().stepUploadedBytes(),
        clip.stageSeconds(),
        plannedPeak,
        backend.deviceMemory().peakBytes(),
        clip.sampling().tally());
  }

  private int sampleStage() {
    return plan.stages().indexOf(plan.stage(Stage.SAMPLE));
  }

  // Sampling may come here once a step; its beginning and end are told once.
  private void run(int index) throws IOException {
    Stage stage = plan.stages().get(index).stage();
    Double before = clip.stageSeconds().get(stage);
    if (before == null) {
      LOG.log(System.Logger.Level.DEBUG, plan.stages().get(index).summary());
      clip.listener().stageStarted(stage, stages.get(index).units(clip));
    }
    long start = System.nanoTime();
    if (stages.get(index).isDone(clip)) {
      clip.stageSeconds().put(stage, 0.0);
      clip.listener().stageFinished(stage, 0);
      return;
    }
    for (int attempt = 1; ; attempt++) {
      clip.cancellation().observe();
      clip.cancellation().check();
      try {
        acquire(index).run(clip);
        break;
      } catch (DeviceMemoryException e) {
        lease.drop(stage);
        if (attempt == MAX_REPLANS) {
          throw e;
        }
        replan(stage, e);
      } catch (GgmlException e) {
        lease.drop(stage);
        throw clip.cancellation().observe() && e.code() == ErrorCode.ABORTED
            ? stopped(stage, e)
            : e;
      } catch (UncheckedIOException e) {
        lease.drop(stage);
        throw e.getCause();
      } catch (Throwable e) {
        lease.drop(stage);
        throw e;
      }
    }
    double seconds = (before == null ? 0 : before) + (System.nanoTime() - start) / 1e9;
    clip.stageSeconds().put(stage, seconds);
    if (!stage.equals(Stage.SAMPLE) || clip.sampling().isDone()) {
      lease.finished(stage);
      LOG.log(
          System.Logger.Level.DEBUG,
          String.format(
              "%s: took %.2f s, at most %s on the device so far",
              stage.title(), seconds, Bytes.text(backend.deviceMemory().peakBytes())));
      clip.listener().stageFinished(stage, seconds);
    }
  }

  private StageRunner acquire(int index) throws IOException {
    StagePlan stagePlan = plan.stages().get(index);
    try {
      return lease.acquire(
          stagePlan,
          budget.deviceBytes(),
          (device, planned) -> stages.get(index).open(model, device, planned));
    } finally {
      plannedPeak = Math.max(plannedPeak, lease.plannedBytes());
    }
  }

  private void replan(Stage stage, DeviceMemoryException failure) {
    lease.dropAll();
    MemoryMeter meter = backend.deviceMemory();
    long peak = plan.stage(stage).device().peak();
    long room = meter.limitBytes() - meter.currentBytes();
    long free = (long) (REPLAN_SHARE * backend.device().memory().freeBytes());
    // Drivers may call memory free that cannot be had: then only asking for less helps.
    long smaller =
        room < peak ? Math.min(room, free) : Math.min(free, (long) (REPLAN_SHARE * peak));
    LOG.log(
        System.Logger.Level.WARNING,
        "the device has less memory than planned ({0}); planning for {1}",
        failure.getMessage(),
        Bytes.text(smaller));
    plan = planner.replan(plan, stage, job, budget.withDeviceBytes(smaller));
    clip.listener().planned(plan);
  }

  private static RuntimeException stopped(Stage stage, GgmlException cause) {
    CancellationException stopped =
        new CancellationException("stopped on request in the stage " + stage.id());
    stopped.initCause(cause);
    return stopped;
  }
}
