// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.parity.ParityOptions;
import dev.wanlet.wan.parity.ParityReport;
import dev.wanlet.wan.parity.ParityRunner;
import dev.wanlet.wan.parity.TapResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The project's reference tensors on the device: F32, which the tolerances are meant for, or AUTO,
 * as in production, whose errors are written down but not bounded. Parts of their own, because the
 * script takes TF32 from cuBLAS for the one, which it cannot do for a part of a process.
 */
final class ParityPart implements Part {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TF32 = "NVIDIA_TF32_OVERRIDE";

  /** Most depth of a folder with reference tensors below the folder of all. */
  private static final int DEPTH = 3;

  private final Precision precision;

  ParityPart(Precision precision) {
    this.precision = precision;
  }

  @Override
  public String id() {
    return precision == Precision.F32 ? "parity" : "parity-auto";
  }

  @Override
  public void run(Kit kit) throws IOException {
    Path model = kit.work().resolve(DemoModel.ID);
    for (Path folder : folders(kit.golden())) {
      String name =
          kit.golden().relativize(folder) + ", " + precision.name().toLowerCase(Locale.ROOT);
      kit.measure(id(), name, () -> compare(kit, beside(model, folder)));
    }
    unlink(model);
  }

  private static List<Path> folders(Path golden) throws IOException {
    try (Stream<Path> files = Files.find(golden, DEPTH, (f, a) -> f.endsWith("config.json"))) {
      return files.map(Path::getParent).sorted().toList();
    }
  }

  /** The folder itself; that of the demo model's frames lies among the model's files. */
  private static Path beside(Path model, Path folder) throws IOException {
    if (!folder.getParent().endsWith(DemoModel.ID)) {
      return folder;
    }
    Files.createDirectories(model);
    try (Stream<Path> files = Files.list(DemoModel.directory())) {
      for (Path file : files.toList()) {
        link(model.resolve(file.getFileName()), file);
      }
    }
    Path check = model.resolve(folder.getFileName());
    link(check, folder);
    return check;
  }

  private static void link(Path link, Path to) throws IOException {
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, to.toAbsolutePath());
  }

  private static void unlink(Path model) throws IOException {
    if (!Files.isDirectory(model)) {
      return;
    }
    try (Stream<Path> links = Files.list(model)) {
      for (Path link : links.toList()) {
        Files.delete(link);
      }
    }
    Files.delete(model);
  }

  private Facts compare(Kit kit, Path folder) throws IOException {
    long start = System.nanoTime();
    List<TapResult> taps =
        ParityRunner.run(
            folder, new ParityOptions(kit.device(), precision, Backend.availableThreads()));
    TapResult worst =
        taps.stream()
            .max(Comparator.comparingDouble(t -> t.maxAbs() / t.bound()))
            .orElseThrow(() -> new IOException(folder + " has no reference values"));
    boolean passed = ParityReport.passed(taps);
    Facts facts =
        new Facts()
            .put("seconds", (System.nanoTime() - start) / 1e9)
            .put("taps", taps.size())
            .put("worst_tap", worst.name())
            .put("max_abs", worst.maxAbs())
            .put("nmse", worst.nmse())
            .put("bound", worst.bound())
            .put("problem", worst.problem().isEmpty() ? null : worst.problem())
            .put("within_tolerance", passed);
    if (precision == Precision.AUTO) {
      return facts;
    }
    String kind = JSON.readTree(folder.resolve("config.json").toFile()).path("kind").asText();
    ParityBound bound = ParityBound.of(kit.device(), kind);
    if (!bound.why().isEmpty()) {
      facts
          .put("rounding_nmse_bound", bound.nmse())
          .put("rounding_max_abs_bound", bound.factor() * worst.bound())
          .put("bound_that_applies", passed ? "tolerance" : "rounding: " + bound.why())
          .put(TF32, System.getenv(TF32));
    }
    return facts.require(taps.stream().allMatch(bound::isKept));
  }
}
