// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.model.transformer.AttentionGuidance;
import dev.wanlet.wan.model.transformer.PromptRows;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanRun;
import dev.wanlet.wan.model.transformer.WanSession;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.transformer.WanVariant;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** The transformer: one prediction for each timestep input {@code CASE.t}. */
final class DitCase implements ParityCase {
  private static final String TIMESTEP = ".t";
  private static final Pattern OF_TOKENS =
      Pattern.compile("(time_embedding_e|time_projection_e0)_tokens_(\\d+(?:_\\d+)*)");
  private static final Pattern ROWS = Pattern.compile("(text_embedding|img_emb)_rows(\\d+)_(\\d+)");

  @Override
  public Map<String, float[]> expected(ParityFolder folder) throws IOException {
    int tokens = grid(folder).tokens();
    Map<String, float[]> expected = new LinkedHashMap<>();
    for (WeightTensor tensor : folder.outputs().tensors()) {
      float[] values = tensor.toFloats();
      Shape shape = tensor.shape();
      boolean padded =
          shape.rank() == 3
              && shape.dim(1) > tokens
              && shape.dim(1) == timesteps(folder, tensor.name()).length;
      // Tokens that only fill up a sequence are not computed here, and nothing depends on them.
      expected.put(
          tensor.name(), padded ? Arrays.copyOf(values, tokens * (int) shape.dim(2)) : values);
    }
    return expected;
  }

  private static float[] timesteps(ParityFolder folder, String tap) throws IOException {
    int dot = tap.indexOf('.');
    return folder.input(tap.substring(0, Math.max(0, dot)) + TIMESTEP).orElse(new float[0]);
  }

  private static TokenGrid grid(ParityFolder folder) throws IOException {
    Shape x = folder.inputs().require("x").shape();
    if (x.rank() != 4) {
      throw folder.bad("input 'x' has shape " + x + ", expected [C, F, H, W]");
    }
    return TokenGrid.ofLatents((int) x.dim(1), (int) x.dim(2), (int) x.dim(3));
  }

  @Override
  public void run(ParityFolder folder, Engine engine, Sink sink) throws IOException {
    WeightSource weights = folder.weights();
    WanConfig config = WanConfig.infer(weights);
    try (WanTransformer model = load(engine, config, weights)) {
      for (WeightTensor input : folder.inputs().tensors()) {
        if (input.name().endsWith(TIMESTEP)) {
          String name = input.name().substring(0, input.name().length() - TIMESTEP.length());
          predict(folder, engine, model, name, input.toFloats(), sink);
        }
      }
    }
  }

  /** Loads a transformer. */
  static WanTransformer load(Engine engine, WanConfig config, WeightSource weights)
      throws IOException {
    return WanTransformer.open(
        engine.backend(), weights, config, engine.precision(), engine::placement);
  }

  private static void predict(
      ParityFolder folder,
      Engine engine,
      WanTransformer model,
      String name,
      float[] timesteps,
      Sink sink)
      throws IOException {
    TokenGrid grid = grid(folder);
    float[] context = folder.requiredInput("context");
    int textDim = model.config().textDim();
    float[] t = timesteps.length == 1 ? timesteps : Arrays.copyOf(timesteps, grid.tokens());
    Map<Float, Integer> rowOf = new LinkedHashMap<>();
    for (float value : t) {
      rowOf.putIfAbsent(value, rowOf.size());
    }
    List<float[]> contexts = new ArrayList<>(List.of(context));
    folder.input("negative").ifPresent(contexts::add);
    WanRun run =
        new WanRun(
            grid,
            engine.chunks(grid.tokens()),
            contexts.stream().map(c -> new PromptRows(c.length / textDim)).toList(),
            false,
            rowOf.size(),
            engine.precision());
    if (contexts.size() > 1) {
      run = run.withAttention(attention(folder, name), 1);
    }
    if (engine.streamed()) {
      run = run.withTextKeys(false);
    }
    Taps taps = new Taps(tap -> true).joiningRows();
    WanCondition condition =
        new WanCondition(
            folder.input("y").orElse(new float[0]),
            features(folder, model.config().variant()),
            control(folder, name));
    try (WanSession session = model.open(run, contexts, condition, taps)) {
      float[] velocity = session.predict(folder.requiredInput("x"), t, 0).get(0);
      taps.collected().forEach((tap, values) -> sink.accept(name + "." + tap, values.values()));
      sink.accept(name + ".output", velocity);
    }
    derived(folder, name, taps.collected(), t, rowOf, sink);
  }

  /** What a negative prompt does within the pass: scale, tau and alpha of the case. */
  private static AttentionGuidance attention(ParityFolder folder, String name) throws IOException {
    float[] numbers = folder.requiredInput(name + ".nag");
    if (numbers.length != 3) {
      throw folder.bad("input '" + name + ".nag' is not scale, tau and alpha");
    }
    return new AttentionGuidance(numbers[0], numbers[1], numbers[2]);
  }

  /** What a control branch is shown, in every case the same, and the strength of the case. */
  private static WanCondition.Control control(ParityFolder folder, String name) throws IOException {
    Optional<float[]> channels = folder.input("vace_context");
    return channels.isPresent()
        ? new WanCondition.Control(
            channels.get(), folder.requiredInput(name + ".vace_context_scale")[0])
        : WanCondition.Control.NONE;
  }

  /** CLIP's features; those of a first frame may lie in the folder of image-to-video. */
  private static float[] features(ParityFolder folder, WanVariant variant) throws IOException {
    if (!variant.seesPictures()) {
      return new float[0];
    }
    Optional<float[]> own = folder.input("clip_fea");
    float[] first =
        own.isPresent() ? own.get() : folder.sibling("dit-i2v").requiredInput("clip_fea");
    if (variant.pictures() == 1) {
      return first;
    }
    float[] second = folder.requiredInput("clip_fea_second");
    float[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /** Taps that show some tokens or rows of what was collected. */
  private static void derived(
      ParityFolder folder,
      String name,
      Map<String, Taps.Tap> taps,
      float[] timesteps,
      Map<Float, Integer> rowOf,
      Sink sink)
      throws IOException {
    for (WeightTensor output : folder.outputs().tensors()) {
      if (!output.name().startsWith(name + ".")) {
        continue;
      }
      String tap = output.name().substring(name.length() + 1);
      Matcher tokens = OF_TOKENS.matcher(tap);
      Matcher rows = ROWS.matcher(tap);
      if (tokens.matches()) {
        int[] picked =
            Arrays.stream(tokens.group(2).split("_"))
                .mapToInt(Integer::parseInt)
                .map(i -> rowOf.get(timesteps[timesteps.length == 1 ? 0 : i]))
                .toArray();
        sink.accept(output.name(), ofTimesteps(taps.get(tokens.group(1)), picked));
      } else if (rows.matches()) {
        Taps.Tap context = taps.get(rows.group(1).equals("img_emb") ? "pictures" : "context.0");
        int last = (int) context.shape().dim(0) - 1;
        int dim = (int) context.shape().dim(1);
        // One row stands for all padding rows.
        int[] picked =
            IntStream.rangeClosed(Integer.parseInt(rows.group(2)), Integer.parseInt(rows.group(3)))
                .map(i -> Math.min(i, last))
                .toArray();
        sink.accept(output.name(), Umt5Case.pick(context.values(), dim, picked));
      }
    }
  }

  /** [N, K, D] as [picked, N, D]. */
  private static float[] ofTimesteps(Taps.Tap tap, int[] picked) {
    int n = (int) tap.shape().dim(0);
    int k = (int) tap.shape().dim(1);
    int dim = (int) tap.shape().dim(2);
    float[] values = new float[picked.length * n * dim];
    for (int i = 0; i < picked.length; i++) {
      for (int j = 0; j < n; j++) {
        System.arraycopy(tap.values(), (j * k + picked[i]) * dim, values, (i * n + j) * dim, dim);
      }
    }
    return values;
  }
}
