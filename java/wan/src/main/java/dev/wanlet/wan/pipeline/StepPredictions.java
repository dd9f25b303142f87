// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.wan.model.transformer.WanSession;
import dev.wanlet.wan.sampling.Guider;
import dev.wanlet.wan.sampling.cache.PassView;
import dev.wanlet.wan.sampling.cache.StepCache;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * The predictions of a clip's steps by one session: both branches of guidance, computed or, where a
 * step cache says so, without the blocks. Used for one step at a time; confined to one thread.
 */
final class StepPredictions {
  private static final int[][] BRANCH = {{0}, {1}};

  private final ClipSampling sampling;
  private final WanSession session;
  private final boolean layerMajor;
  private final IntConsumer passBegins;

  /**
   * @param layerMajor whether both branches go through a block while its weights are there
   * @param passBegins hears which branch goes through the blocks next; the first of those that go
   *     together
   */
  StepPredictions(
      ClipSampling sampling, WanSession session, boolean layerMajor, IntConsumer passBegins) {
    this.sampling = sampling;
    this.session = session;
    this.layerMajor = layerMajor;
    this.passBegins = passBegins;
  }

  /** The guided velocity of a step. */
  float[] velocity(float[] latents, float timestep, int step) throws IOException {
    Guider guider = sampling.guider();
    boolean guided = guider.needsUnconditional(step);
    session.skipBlocksWithoutPrompt(sampling.skippedAt(step));
    List<float[]> all =
        sampling.cache().isPresent()
            ? cached(sampling.cache().get(), latents, timestep, step, guided)
            : computed(latents, timestep, guided ? List.of(0, 1) : List.of(0));
    return guided ? guider.combine(step, all.get(0), all.get(1)) : all.get(0);
  }

  private List<float[]> computed(float[] latents, float timestep, List<Integer> branches)
      throws IOException {
    float[] timesteps = sampling.timesteps(timestep);
    if (layerMajor && branches.size() == 2) {
      passBegins.accept(0);
      return session.predict(latents, timesteps, 0, 1);
    }
    List<float[]> velocities = new ArrayList<>();
    for (int branch : branches) {
      passBegins.accept(branch);
      velocities.add(session.predict(latents, timesteps, BRANCH[branch]).get(0));
    }
    return velocities;
  }

  private List<float[]> cached(
      StepCache cache, float[] latents, float timestep, int step, boolean guided)
      throws IOException {
    PassView view = new View(latents);
    float[][] velocities = new float[guided ? 2 : 1][];
    List<Integer> toCompute = new ArrayList<>();
    for (int branch = 0; branch < velocities.length; branch++) {
      if (cache.reuses(step, branch, view)) {
        velocities[branch] = reused(cache, latents, timestep, branch);
      } else {
        toCompute.add(branch);
      }
    }
    session.skipBlocksWithoutPrompt(sampling.skippedAt(step));
    long start = System.nanoTime();
    List<float[]> made = computed(latents, timestep, toCompute);
    if (toCompute.isEmpty()) {
      sampling.tally(t -> t.plusStep());
    } else {
      double seconds = (System.nanoTime() - start) / 1e9;
      sampling.tally(t -> t.plusComputed(toCompute.size(), seconds));
    }
    for (int i = 0; i < made.size(); i++) {
      int branch = toCompute.get(i);
      velocities[branch] = made.get(i);
      cache.computed(step, branch, latents, made.get(i));
      sampling.tellComputed(step, branch, session, made.get(i));
    }
    return List.of(velocities);
  }

  private float[] reused(StepCache cache, float[] latents, float timestep, int branch)
      throws IOException {
    long start = System.nanoTime();
    if (cache.kind().keepsBlocks() && !session.hasChange(branch)) {
      // After a resume or a change of plan: what the blocks did is had again by doing it again.
      int step = cache.lastComputed(branch);
      session.skipBlocksWithoutPrompt(sampling.skippedAt(step));
      passBegins.accept(branch);
      session.predict(
          cache.lastLatents(branch), sampling.timesteps(sampling.timestep(step)), BRANCH[branch]);
    }
    float[] velocity =
        cache.kind().keepsBlocks()
            ? session.predictAgain(latents, sampling.timesteps(timestep), branch)
            : cache.velocity(branch, latents);
    double seconds = (System.nanoTime() - start) / 1e9;
    sampling.tally(t -> t.plusReused(seconds));
    return velocity;
  }

  /** What a cache may look at now. */
  private final class View implements PassView {
    private final float[] latents;

    View(float[] latents) {
      this.latents = latents;
    }

    @Override
    public float[] latents() {
      return latents;
    }

    @Override
    public float[] timeSignal(int step) {
      return session.timeSignal(sampling.timestep(step));
    }
  }
}
