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
import dev.wanlet.wan.model.vae.known.ControlFrames;
import dev.wanlet.wan.model.vae.known.KnownFrames;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.pipeline.control.ControlClip;
import dev.wanlet.wan.pipeline.control.InitialFrames;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.util.function.IntConsumer;

/**
 * Pictures become the channels that the transformer sees behind the noise, or the first frame of
 * the latents; what a control branch is shown becomes the branch's channels. Immutable.
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
    if (transformer.variant().takesControl()
        || transformer.inChannels() > transformer.outChannels()) {
      requireChannels(model, transformer, vae);
    }
    new SourceReader(model.vae()).require(VaeEncoder.layout(vae));
  }

  private static void requireChannels(OpenModel model, WanConfig transformer, VaeConfig vae)
      throws WeightFormatException {
    boolean control = transformer.variant().takesControl();
    int wanted =
        control
            ? WanCondition.Control.CHANNELS
            : transformer.inChannels() - transformer.outChannels();
    int made =
        control
            ? ControlFrames.maskChannels(vae) + 2 * vae.zDim()
            : KnownFrames.maskChannels(vae) + vae.zDim();
    if (made != wanted) {
      throw new WeightFormatException(
          model.vae().files().get(0),
          "this VAE makes "
              + made
              + " channels of mask and "
              + (control ? "video" : "pictures")
              + ", the transformer takes "
              + wanted
              + "; give the VAE of the transformer's model, and a transformer that is shown "
              + (control ? "what VACE is" : "a first frame and nothing else"));
    }
  }

  @Override
  public int units(Clip clip) {
    if (clip.request().pictures().start() == RunPlanner.Start.FIRST_FRAME) {
      return 1;
    }
    return clip.control().map(ControlClip::units).orElse(clip.request().clip().frames());
  }

  @Override
  public boolean isDone(Clip clip) {
    return clip.hasInputsEncoded();
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
    public void run(Clip clip) throws IOException {
      if (clip.request().pictures().start() == RunPlanner.Start.FIRST_FRAME) {
        encoder.start();
        clip.sampling().begin(encoder.push(clip.pictures().orElseThrow().first()).orElseThrow());
        clip.encoded(WanCondition.NONE);
        clip.progress(Stage.ENCODE, 1, 1);
      } else if (clip.initial().isPresent()) {
        InitialFrames initial = clip.initial().get();
        clip.sampling().beginOver(initial.encode(encoder, told(clip, initial.count())));
        clip.encoded(WanCondition.NONE);
      } else if (clip.control().isPresent()) {
        ControlClip control = clip.control().get();
        clip.encoded(new WanCondition(control.encode(encoder, told(clip, control.units()))));
      } else {
        clip.encoded(new WanCondition(known(clip), clip.features()));
      }
    }

    private float[] known(Clip clip) {
      int frames = clip.request().clip().frames();
      ClipPictures pictures = clip.pictures().orElseThrow();
      return new KnownFrames(pictures.first(), pictures.last(), frames)
          .encode(encoder, told(clip, frames));
    }

    private static IntConsumer told(Clip clip, int frames) {
      return done -> {
        clip.progress(Stage.ENCODE, done, frames);
        clip.cancellation().check();
      };
    }

    @Override
    public void close() {
      encoder.close();
    }
  }
}
