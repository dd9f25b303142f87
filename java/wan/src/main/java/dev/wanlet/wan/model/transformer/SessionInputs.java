// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.transformer;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.ShapeException;
import java.util.List;

/** Which shapes a run takes; each check throws a {@link ShapeException}. Immutable. */
record SessionInputs(WanConfig config, WanRun run) {
  /** Latent pixels of one channel. */
  int plane() {
    TokenGrid grid = run.grid();
    return grid.frames() * grid.latentHeight() * grid.latentWidth();
  }

  private Shape shape(int channels) {
    TokenGrid grid = run.grid();
    return Shape.of(channels, grid.frames(), grid.latentHeight(), grid.latentWidth());
  }

  void requireContexts(List<float[]> contexts) {
    if (contexts.size() != run.prompts().size()) {
      throw new ShapeException(
          contexts.size() + " contexts for " + run.prompts().size() + " prompts");
    }
    for (int i = 0; i < contexts.size(); i++) {
      int tokens = run.prompts().get(i).tokens();
      if (contexts.get(i).length != tokens * config.textDim()) {
        throw new ShapeException(
            "context "
                + i
                + " has "
                + contexts.get(i).length
                + " values, expected ["
                + tokens
                + ", "
                + config.textDim()
                + "]");
      }
    }
  }

  void requireCondition(WanCondition given) {
    int most = config.inChannels() - 1;
    if (given.channels().length % plane() != 0 || given.channels().length > most * plane()) {
      throw new ShapeException(
          "what stands behind the noisy channels has "
              + given.channels().length
              + " values, expected at most "
              + shape(most));
    }
    Shape features = Shape.of(config.imageTokens(), config.imageDim());
    if (given.features().length != features.elements()) {
      throw new ShapeException(
          "the features of pictures have "
              + given.features().length
              + " values, expected "
              + features);
    }
    Shape control = shape(config.controlBlocks() > 0 ? WanControl.CHANNELS : 0);
    if (given.control().channels().length != control.elements()) {
      throw new ShapeException(
          "the control branch is shown "
              + given.control().channels().length
              + " values, expected "
              + control);
    }
  }

  /**
   * Latents take the channels that the condition leaves.
   *
   * @param beside stands behind them
   */
  void requireLatents(float[] latents, WanCondition beside) {
    int channels = config.inChannels() - beside.channels().length / plane();
    if (latents.length != channels * plane()) {
      throw new ShapeException(
          "latents have " + latents.length + " values, expected " + shape(channels));
    }
  }
}
