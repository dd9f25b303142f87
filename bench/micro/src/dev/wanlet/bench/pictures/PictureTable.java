// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.pictures;

import dev.wanlet.bench.sampling.DemoPrompts;
import dev.wanlet.bench.sampling.ShapeTally;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.media.Images;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.read.PictureReader;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.OpenPipeline;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.quality.ShapeScore;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * Renders clips that begin with drawn pictures, clips that also end with one, and clips of shapes
 * that spin, and prints how near their frames are to the pictures and how often they show what the
 * prompt says: a Markdown table of the demo model. Arguments: the number of pictures (32), and
 * optionally the file of another transformer.
 */
public final class PictureTable {
  private static final ComputeSettings ONE_THREAD =
      new ComputeSettings(
          "CPU", OptionalInt.of(1), OptionalLong.empty(), OptionalLong.empty(), Precision.AUTO);

  private PictureTable() {}

  public static void main(String[] args) throws IOException {
    int pictures = args.length > 0 ? Integer.parseInt(args[0]) : 32;
    ModelSelection selection = ModelSelection.none().withPictures(true);
    if (args.length > 1) {
      selection = selection.with(ModelPart.TRANSFORMER, Path.of(args[1]));
    }
    ModelFiles files =
        new ModelResolver(ModelCatalog.standard(), () -> demo(false), () -> demo(true))
            .resolve(selection);
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    out.println(
        "| pictures | first frame, dB (worst) | last frame, dB (worst) | "
            + ShapeTally.HEAD
            + " |");
    out.println("|---|---|---|---|---|---|---|");
    Path folder = Files.createTempDirectory("wanlet-pictures");
    try (OpenPipeline pipeline = new VideoPipeline(files).open()) {
      out.println(row("first", DemoPrompts::prompt, pipeline, files, pictures, false, folder));
      out.println(
          row("first and last", DemoPrompts::prompt, pipeline, files, pictures, true, folder));
      out.println(
          row("first, spinning", DemoPrompts::spinning, pipeline, files, pictures, false, folder));
    } finally {
      delete(folder);
    }
  }

  private static String row(
      String name,
      IntFunction<String> prompts,
      OpenPipeline pipeline,
      ModelFiles files,
      int pictures,
      boolean withLast,
      Path folder)
      throws IOException {
    ShapeTally right = new ShapeTally();
    List<Double> firsts = new ArrayList<>();
    List<Double> lasts = new ArrayList<>();
    for (int i = 0; i < pictures; i++) {
      String prompt = prompts.apply(i);
      ShapeScore asked = ShapeScore.fromPrompt(prompt);
      RgbFrame first = ShapePicture.draw(asked, i, false);
      RgbFrame last = ShapePicture.draw(asked, i, true);
      // A pattern of PNG: no encoder stands between the frames and their score.
      GenerationRequest.Builder clip =
          GenerationRequest.builder()
              .prompt(prompt)
              .seed(i)
              .picture(write(first, folder.resolve("first.bmp")))
              .output(folder.resolve("clip.png"))
              .compute(ONE_THREAD);
      if (withLast) {
        clip.set(Settings.END_IMG, write(last, folder.resolve("last.bmp")));
      }
      pipeline.generate(clip.build(files.model()));
      List<RgbFrame> frames = frames(folder);
      right.add(prompt, frames);
      firsts.add(psnr(frames.get(0), first));
      lasts.add(psnr(frames.get(frames.size() - 1), last));
    }
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s | %s |",
        name,
        cell(firsts),
        withLast ? cell(lasts) : "",
        right.cells());
  }

  private static String cell(List<Double> psnr) {
    double mean = psnr.stream().mapToDouble(p -> p).average().orElseThrow();
    return String.format(Locale.ROOT, "%.1f (%.1f)", mean, Collections.min(psnr));
  }

  private static double psnr(RgbFrame a, RgbFrame b) {
    double sum = 0;
    for (int i = 0; i < a.rgb24().length; i++) {
      double d = (a.rgb24()[i] & 0xff) - (b.rgb24()[i] & 0xff);
      sum += d * d;
    }
    return 10 * Math.log10(255.0 * 255 * a.rgb24().length / sum);
  }

  private static Path write(RgbFrame frame, Path file) throws IOException {
    ImageIO.write(Images.toBufferedImage(frame), "bmp", file.toFile());
    return file;
  }

  private static List<RgbFrame> frames(Path folder) throws IOException {
    List<RgbFrame> frames = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".png")).sorted().toList()) {
        frames.add(PictureReader.read(file).frame());
        Files.delete(file);
      }
    }
    return frames;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  private static Path demo(boolean pictures) {
    try {
      return pictures ? DemoModel.imageToVideoTransformer() : DemoModel.directory();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
