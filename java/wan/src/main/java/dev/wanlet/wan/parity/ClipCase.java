// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.media.fit.Bicubic;
import dev.wanlet.wan.model.clip.ClipConfig;
import dev.wanlet.wan.model.clip.ClipVision;
import dev.wanlet.wan.nn.Taps;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.ClipNames;
import java.io.IOException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The vision tower: one picture for each input {@code CASE.image}; and a picture made larger, of
 * which some rows are shown.
 */
final class ClipCase implements ParityCase {
  private static final int RGB = 3;
  private static final String IMAGE = ".image";
  private static final Pattern RESIZED = Pattern.compile("resize(\\d+)\\.rows_(\\d+(?:_\\d+)*)");

  @Override
  public void run(ParityFolder folder, Engine engine, Sink sink) throws IOException {
    WeightSource weights = ClipNames.apart(folder.weights());
    ClipConfig inferred = ClipConfig.infer(weights);
    int heads = folder.config().path("num_heads").asInt(inferred.heads());
    ClipConfig config = inferred.with(heads, inferred.blocks());
    try (ClipVision tower = load(engine, weights, config);
        ClipVision whole = load(engine, weights, config.with(heads, config.blocks() + 1))) {
      for (WeightTensor input : folder.inputs().tensors()) {
        String name = input.name().replace(IMAGE, "");
        if (folder.outputs().find(name + ".output").isPresent()) {
          encode(tower, whole, name, square(input, config.imageSize()), sink);
        }
      }
    }
    for (WeightTensor output : folder.outputs().tensors()) {
      Matcher rows = RESIZED.matcher(output.name());
      if (rows.matches()) {
        WeightTensor image = folder.inputs().require("resize" + rows.group(1) + IMAGE);
        int side = Integer.parseInt(rows.group(1));
        int[] picked =
            Arrays.stream(rows.group(2).split("_")).mapToInt(Integer::parseInt).toArray();
        sink.accept(output.name(), rows(square(image, side), side, picked));
      }
    }
  }

  private static ClipVision load(Engine engine, WeightSource weights, ClipConfig config)
      throws IOException {
    return ClipVision.open(
        engine.backend(), weights, config, engine.precision(), engine::placement);
  }

  private static void encode(
      ClipVision tower, ClipVision whole, String name, float[] picture, Sink sink)
      throws IOException {
    Taps taps = new Taps(tap -> true);
    sink.accept(name + ".output", tower.encode(picture, taps));
    sink.accept(name + ".all_blocks_output", whole.encode(picture, Taps.NONE));
    taps.collected().forEach((tap, values) -> sink.accept(name + "." + tap, values.values()));
    Taps.Tap patches = taps.collected().get("patch_embedding");
    sink.accept(name + ".patch_embedding", transposed(patches));
  }

  /** A picture [3, H, W] stretched to [3, side, side]. */
  private static float[] square(WeightTensor image, int side) {
    float[] values = image.toFloats();
    int height = (int) image.shape().dim(1);
    int width = (int) image.shape().dim(2);
    return Bicubic.resize(
        (channel, row, column) -> values[(channel * height + row) * width + column],
        RGB,
        height,
        width,
        Bicubic.Window.whole(side, side));
  }

  /** Some rows of [3, side, side]. */
  private static float[] rows(float[] picture, int side, int... rows) {
    float[] picked = new float[RGB * rows.length * side];
    for (int c = 0; c < RGB; c++) {
      for (int i = 0; i < rows.length; i++) {
        System.arraycopy(
            picture, (c * side + rows[i]) * side, picked, (c * rows.length + i) * side, side);
      }
    }
    return picked;
  }

  /** [rows, columns] as [columns, rows]. */
  private static float[] transposed(Taps.Tap tap) {
    Shape shape = tap.shape();
    int rows = (int) shape.dim(0);
    int columns = (int) shape.dim(1);
    float[] values = new float[rows * columns];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        values[j * rows + i] = tap.values()[i * columns + j];
      }
    }
    return values;
  }
}
