// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.files.DiskSpace;
import dev.wanlet.files.WriteException;
import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.media.FrameConversion;
import dev.wanlet.wan.media.write.FrameSink;
import dev.wanlet.wan.media.write.FrameSinks;
import dev.wanlet.wan.memory.DecodeStagePlanner;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.memory.StagePlan;
import dev.wanlet.wan.memory.StagePlanner;
import dev.wanlet.wan.memory.TaePlan;
import dev.wanlet.wan.memory.VaePlan;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.model.vae.VaeDecoder;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.pipeline.control.ClipLatents;
import dev.wanlet.wan.request.ClipSpec;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SavedSettings;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;

/** Latents become frames, each of which goes to the file as soon as it exists. Immutable. */
final class DecodeStage implements ClipStage {
  @Override
  public StagePlanner planner(ModelFacts facts) {
    return new DecodeStagePlanner(facts);
  }

  @Override
  public void requireWeights(OpenModel model) throws IOException {
    VaeConfig vae = model.vaeConfig().orElseThrow();
    int channels = model.transformerConfig().outChannels();
    if (vae.zDim() != channels) {
      throw new WeightFormatException(
          model.vae().files().get(0),
          "this VAE decodes latents of "
              + vae.zDim()
              + " channels, the transformer makes "
              + channels
              + "; give the VAE of the transformer's model");
    }
    new SourceReader(model.vae()).require(VaeDecoder.layout(vae));
  }

  @Override
  public int units(Clip clip) {
    return clip.request().clip().frames();
  }

  @Override
  public StageRunner open(OpenModel model, Backend backend, StagePlan plan) throws IOException {
    Optional<TaePlan> small = plan.details(TaePlan.class);
    return new Runner(
        small.isPresent()
            ? ClipDecoder.small(backend, small.get())
            : ClipDecoder.vae(model, backend, plan.details(VaePlan.class).orElseThrow()));
  }

  private static final class Runner implements StageRunner {
    private final ClipDecoder decoder;

    Runner(ClipDecoder decoder) {
      this.decoder = decoder;
    }

    @Override
    public void run(Clip clip) throws IOException {
      GenerationRequest request = clip.request();
      ClipSpec spec = request.clip();
      int width = spec.size().width();
      int height = spec.size().height();
      clip.sampling().saved().releaseRoom();
      try (FrameSink sink =
          FrameSinks.open(
              request.output(),
              width,
              height,
              spec.fps(),
              request.encoding(),
              SavedSettings.told(clip.settings()))) {
        ClipLatents latents =
            new ClipLatents(clip.sampling().shape(), request.control().references().size());
        decoder.decode(
            latents.of(clip.sampling().latents()),
            latents.frames(),
            (index, rgb) -> {
              write(sink, FrameConversion.toRgb24(rgb, width, height));
              clip.progress(Stage.DECODE, index + 1, spec.frames());
              clip.cancellation().check();
            });
        clip.output(sink.finish().get(0));
      } catch (UncheckedIOException e) {
        throw explained(e.getCause(), request);
      } catch (WriteException e) {
        throw explained(e, request);
      }
    }

    /** With how much room the clip needs, if that was the trouble. */
    private static IOException explained(IOException failure, GenerationRequest request) {
      if (!(failure instanceof WriteException) || !DiskSpace.isShortage(failure.getMessage())) {
        return failure;
      }
      ClipSpec spec = request.clip();
      Path output = request.output();
      long room =
          FrameSinks.roomBytes(output, spec.size().width(), spec.size().height(), spec.frames());
      return new WriteException(output, DiskSpace.shortage(output, room), failure);
    }

    private static void write(FrameSink sink, byte[] rgb24) {
      try {
        sink.accept(rgb24);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      decoder.close();
    }
  }
}
