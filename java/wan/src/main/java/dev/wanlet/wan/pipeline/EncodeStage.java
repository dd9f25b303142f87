// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.EncodeStagePlanner;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.memory.StagePlan;
import dev.wanlet.wan.memory.StagePlanner;
import dev.wanlet.wan.memory.VaePlan;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeEncoder;
import dev.wanlet.wan.model.vae.known.KnownFrames;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;

/**
 * Pictures become the channels that the transformer sees behind the noise, or the first frame of
 * the latents. Immutable.
 */
final class EncodeStage implements ClipStage {
  @Override
  public StagePlanner planner(ModelFacts facts) {
    return new EncodeStagePlanner(facts);
  }

  @Override
  public void requireWeights(OpenModel model) throws IOException {
    WanConfig transformer = model.transformerConfig();
    VaeConfig vae = model.vaeConfig().orElseThrow();
    if (transformer.inChannels() > transformer.outChannels()) {
      requireChannels(model, transformer, vae);
    }
    new SourceReader(model.vae()).require(VaeEncoder.layout(vae));
  }

  private static void requireChannels(OpenModel model, WanConfig transformer, VaeConfig vae)
      throws WeightFormatException {
    int wanted = transformer.inChannels() - transformer.outChannels();
    int made = KnownFrames.maskChannels(vae) + vae.zDim();
    if (made != wanted) {
      throw new WeightFormatException(
          model.vae().files().get(0),
          "this VAE makes "
              + made
              + " channels of mask and pictures, the transformer takes "
              + wanted
              + "; give the VAE of the transformer's model, and a transformer that is shown a first"
              + " frame and nothing else");
    }
  }

  @Override
  public int units(Clip clip) {
    return clip.request().pictures().start() == RunPlanner.Start.FIRST_FRAME
        ? 1
        : clip.request().clip().frames();
  }

  @Override
  public boolean isDone(Clip clip) {
    return clip.hasPicturesEncoded();
  }

  @Override
  public StageRunner open(OpenModel model, Backend backend, StagePlan plan) throws IOException {
    VaePlan details = plan.details(VaePlan.class).orElseThrow();
    return new Runner(
        VaeEncoder.load(
            backend,
            model.vaeConfig().orElseThrow(),
            details.memory().settings(),
            new SourceReader(model.vae())));
  }

  private static final class Runner implements StageRunner {
    private final VaeEncoder encoder;

    Runner(VaeEncoder encoder) {
      this.encoder = encoder;
    }

    @Override
    public void run(Clip clip) {
      if (clip.request().pictures().start() == RunPlanner.Start.FIRST_FRAME) {
        encoder.start();
        clip.sampling().begin(encoder.push(clip.pictures().orElseThrow().first()).orElseThrow());
        clip.encoded(WanCondition.NONE);
        clip.progress(Stage.ENCODE, 1, 1);
      } else {
        encodeKnown(clip);
      }
    }

    private void encodeKnown(Clip clip) {
      int frames = clip.request().clip().frames();
      ClipPictures pictures = clip.pictures().orElseThrow();
      KnownFrames known = new KnownFrames(pictures.first(), pictures.last(), frames);
      float[] channels =
          known.encode(
              encoder,
              done -> {
                clip.progress(Stage.ENCODE, done, frames);
                clip.cancellation().check();
              });
      clip.encoded(new WanCondition(channels, clip.features()));
    }

    @Override
    public void close() {
      encoder.close();
    }
  }
}
