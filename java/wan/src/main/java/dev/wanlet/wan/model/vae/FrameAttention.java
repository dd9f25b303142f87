// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.vae;

import dev.wanlet.ggml.GraphBuilder;
import dev.wanlet.ggml.Tensor;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.model.vae.ModuleSpec.Kind;
import dev.wanlet.wan.nn.frames.Band;
import dev.wanlet.wan.nn.frames.Frame;
import dev.wanlet.wan.nn.frames.FrameEngine;
import java.util.List;
import java.util.function.Consumer;

/**
 * Attention of every pixel to all pixels of its frame, with one head, in bands of queries. Confined
 * to one thread.
 *
 * <p>Source: Wan2.1 wan/modules/vae.py, {@code AttentionBlock}.
 */
final class FrameAttention implements FrameLayer {
  /** What it is called and how many channels it has. */
  record Spec(String name, int channels) implements FrameLayer.Spec {
    @Override
    public int in() {
      return channels;
    }

    @Override
    public int out() {
      return channels;
    }

    ModuleSpec norm() {
      return new ModuleSpec(name + ".norm", Kind.IMAGE_NORM, channels, channels);
    }

    /** The joint projection: queries, keys and values. */
    ModuleSpec qkv() {
      return new ModuleSpec(name + ".to_qkv", Kind.IMAGE_POINTWISE, 3 * channels, channels);
    }

    ModuleSpec projection() {
      return new ModuleSpec(name + ".proj", Kind.IMAGE_POINTWISE, channels, channels);
    }

    @Override
    public List<ModuleSpec> modules() {
      return List.of(norm(), qkv(), projection());
    }

    @Override
    public double attentionFlops(double pixels) {
      return 4 * channels * pixels * pixels;
    }

    @Override
    public FrameLayer open(FrameEngine engine, int height, int width) {
      return new FrameAttention(engine, this);
    }
  }

  private final FrameEngine engine;
  private final String name;
  private final Tensor gamma;
  private final Tensor qkv;
  private final Tensor qkvBias;
  private final Tensor projection;
  private final Tensor projectionBias;
  private final int channels;

  private FrameAttention(FrameEngine engine, Spec spec) {
    this.engine = engine;
    this.name = spec.name();
    this.channels = spec.channels();
    this.gamma = engine.weight(spec.norm().weight());
    this.qkv = engine.weight(spec.qkv().weight());
    this.qkvBias = engine.weight(spec.qkv().bias());
    this.projection = engine.weight(spec.projection().weight());
    this.projectionBias = engine.weight(spec.projection().bias());
  }

  @Override
  public void push(Frame x, Consumer<Frame> next) {
    int width = x.width();
    long pixels = (long) x.height() * width;
    Tensor keys = engine.take(TensorType.F32, pixels, channels);
    Tensor values = engine.take(TensorType.F32, channels, pixels);
    engine.run(
        name + ".keys", x.height(), 20L * width * channels, b -> storeKeys(b, x, keys, values));
    engine.run(name + ".queries", x.height(), width * pixels * 4L, b -> attend(b, x, keys, values));
    engine.release(keys);
    engine.release(values);
    next.accept(x);
  }

  /** q, k or v of pixels: the part of the joint projection that starts at {@code from}. */
  private Tensor project(GraphBuilder g, Tensor normed, int from, int count) {
    Tensor weight = g.slice(qkv, 0, from, from + count);
    return g.addInPlace(g.matmul(weight, normed), g.slice(qkvBias, 0, from, from + count));
  }

  private void storeKeys(Band b, Frame x, Tensor keys, Tensor values) {
    GraphBuilder g = b.graph();
    long first = (long) b.first() * x.width();
    long end = first + (long) b.rows() * x.width();
    Tensor normed = VaeNorm.norm(g, x.rows(b), gamma);
    g.run(g.copy(project(g, normed, channels, channels), g.slice(keys, 0, first, end)));
    Tensor v = project(g, normed, 2 * channels, channels);
    // Attention sums over pixels, so they are to be innermost.
    g.run(g.copy(g.permute(v, 1, 0), g.slice(values, 1, first, end)));
  }

  private void attend(Band b, Frame x, Tensor keys, Tensor values) {
    GraphBuilder g = b.graph();
    Tensor normed = VaeNorm.norm(g, x.rows(b), gamma);
    Tensor q = project(g, normed, 0, channels);
    Tensor scores = g.softMax(g.matmul(keys, q), null, (float) (1 / Math.sqrt(channels)));
    Tensor mixed = g.matmul(projection, g.matmul(values, scores));
    g.run(g.addInPlace(x.rows(b), g.addInPlace(mixed, projectionBias)));
  }
}
