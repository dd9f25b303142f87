// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.wan.model.vae.ModuleSpec.Kind;
import dev.wanlet.wan.nn.frames.Band;
import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameEngine;
import dev.wanlet.wan.nn.frames.PaddedFrames;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Norm, SiLU and a causal convolution, twice, around a shortcut. Confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code ResidualBlock}.
 */
final class ResidualLayer implements FrameLayer {
  /** What it is called and how many channels it has. */
  record Spec(String name, int in, int out) implements FrameLayer.Spec {
    /**
     * The layer that a checkpoint has under this name; empty if it has none.
     *
     * @throws WeightFormatException if a tensor is no kernel
     */
    static Optional<Spec> find(WeightSource source, String name) throws WeightFormatException {
      ModuleSpec kernel = new Spec(name, 1, 1).firstConvolution();
      return ModuleSpec.find(source, kernel.name(), kernel.kind())
          .map(m -> new Spec(name, m.in(), m.out()));
    }

    ModuleSpec firstNorm() {
      return ModuleSpec.norm(name + ".residual.0", in);
    }

    ModuleSpec firstConvolution() {
      return ModuleSpec.causal(name + ".residual.2", out, in);
    }

    ModuleSpec secondNorm() {
      return ModuleSpec.norm(name + ".residual.3", out);
    }

    ModuleSpec secondConvolution() {
      return ModuleSpec.causal(name + ".residual.6", out, out);
    }

    /** Changes the number of channels around the convolutions; empty where it stays. */
    Optional<ModuleSpec> shortcut() {
      return in == out
          ? Optional.empty()
          : Optional.of(new ModuleSpec(name + ".shortcut", Kind.POINTWISE, out, in));
    }

    @Override
    public List<ModuleSpec> modules() {
      List<ModuleSpec> modules =
          new ArrayList<>(
              List.of(firstNorm(), firstConvolution(), secondNorm(), secondConvolution()));
      shortcut().ifPresent(modules::add);
      return modules;
    }

    @Override
    public FrameLayer open(FrameEngine engine, int height, int width) {
      return new ResidualLayer(engine, this, height, width);
    }
  }

  private final FrameEngine engine;
  private final Spec spec;
  private final CausalConv3d first;
  private final CausalConv3d second;
  private final Tensor firstGamma;
  private final Tensor secondGamma;
  private final Tensor shortcut;
  private final Tensor shortcutBias;

  private ResidualLayer(FrameEngine engine, Spec spec, int height, int width) {
    this.engine = engine;
    this.spec = spec;
    this.firstGamma = engine.weight(spec.firstNorm().weight());
    this.first = new CausalConv3d(engine, spec.firstConvolution(), height, width);
    this.secondGamma = engine.weight(spec.secondNorm().weight());
    this.second = new CausalConv3d(engine, spec.secondConvolution(), height, width);
    this.shortcut = spec.shortcut().map(s -> engine.weight(s.weight())).orElse(null);
    this.shortcutBias = spec.shortcut().map(s -> engine.weight(s.bias())).orElse(null);
  }

  @Override
  public void push(Frame x, Consumer<Frame> next) {
    Frame y = forward(x, shortcut == null);
    if (shortcut != null) {
      x.release(engine);
    }
    next.accept(y);
  }

  /** The result in a frame of its own; the frame that went in stays as it is, and alive. */
  Frame beside(Frame x) {
    return forward(x, false);
  }

  private Frame forward(Frame x, boolean inPlace) {
    int height = x.height();
    int width = x.width();
    Tensor a = VaeNorm.padded(engine, spec.firstNorm().name(), x, firstGamma);
    Tensor h = PaddedFrames.take(engine, height, width, spec.out());
    engine.run(
        first.name(),
        height,
        first.bytesPerRow(),
        b ->
            PaddedFrames.store(
                b, VaeNorm.activated(b.graph(), first.forward(b, a), secondGamma), h));
    first.advance(a);
    engine.release(a);

    Frame y = inPlace ? x : Frame.take(engine, height, width, spec.out());
    engine.run(second.name(), height, second.bytesPerRow(), b -> addResidual(b, x, h, y, inPlace));
    second.advance(h);
    engine.release(h);
    return y;
  }

  private void addResidual(Band b, Frame x, Tensor h, Frame y, boolean inPlace) {
    GraphBuilder g = b.graph();
    Tensor residual = second.forward(b, h);
    if (inPlace) {
      g.run(g.addInPlace(x.rows(b), residual));
    } else if (shortcut == null) {
      g.run(g.copy(g.addInPlace(residual, x.rows(b)), y.rows(b)));
    } else {
      Tensor direct = g.addInPlace(g.matmul(shortcut, x.rows(b)), shortcutBias);
      g.run(g.copy(g.addInPlace(direct, residual), y.rows(b)));
    }
  }

  @Override
  public void reset() {
    first.reset();
    second.reset();
  }
}
