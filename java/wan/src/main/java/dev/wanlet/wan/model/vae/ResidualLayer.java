// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import java.util.function.Consumer;

/**
 * Norm, SiLU and a causal convolution, twice, around a shortcut. Confined to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code ResidualBlock}.
 */
final class ResidualLayer implements FrameLayer {
  private final VaeEngine engine;
  private final String name;
  private final CausalConv3d first;
  private final CausalConv3d second;
  private final Tensor firstGamma;
  private final Tensor secondGamma;
  private final Tensor shortcut;
  private final Tensor shortcutBias;
  private final int in;
  private final int out;

  ResidualLayer(VaeEngine engine, String name, int in, int out, int height, int width) {
    this.engine = engine;
    this.name = name;
    this.in = in;
    this.out = out;
    this.firstGamma = engine.weight(name + ".residual.0.gamma");
    this.first = new CausalConv3d(engine, name + ".residual.2", in, out, height, width);
    this.secondGamma = engine.weight(name + ".residual.3.gamma");
    this.second = new CausalConv3d(engine, name + ".residual.6", out, out, height, width);
    this.shortcut = in == out ? null : engine.weight(name + ".shortcut.weight");
    this.shortcutBias = in == out ? null : engine.weight(name + ".shortcut.bias");
  }

  @Override
  public void push(Frame x, Consumer<Frame> next) {
    int height = x.height();
    int width = x.width();
    Tensor a = PaddedFrames.take(engine, height, width, in);
    engine.run(
        name + ".residual.0",
        height,
        width * in * 8L,
        b -> PaddedFrames.store(b, VaeNorm.activated(b.graph(), x.rows(b), firstGamma), a));

    Tensor h = PaddedFrames.take(engine, height, width, out);
    engine.run(
        first.name(),
        height,
        first.bytesPerRow(),
        b ->
            PaddedFrames.store(
                b, VaeNorm.activated(b.graph(), first.forward(b, a), secondGamma), h));
    first.advance(a);
    engine.release(a);

    Frame y = in == out ? x : Frame.take(engine, height, width, out);
    engine.run(second.name(), height, second.bytesPerRow(), b -> addResidual(b, x, h, y));
    second.advance(h);
    engine.release(h);
    if (y != x) {
      x.release(engine);
    }
    next.accept(y);
  }

  private void addResidual(Band b, Frame x, Tensor h, Frame y) {
    GraphBuilder g = b.graph();
    Tensor residual = second.forward(b, h);
    if (y == x) {
      g.run(g.addInPlace(x.rows(b), residual));
      return;
    }
    Tensor direct = g.addInPlace(g.matmul(shortcut, x.rows(b)), shortcutBias);
    g.run(g.copy(g.addInPlace(direct, residual), y.rows(b)));
  }

  @Override
  public void reset() {
    first.reset();
    second.reset();
  }
}
