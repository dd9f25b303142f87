// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

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
 * The project's reference tensors on the device: F32, which the tolerances are meant for, and AUTO,
 * as in production, whose errors are written down but not bounded.
 */
final class ParityPart implements Part {
  /** Most depth of a folder with reference tensors below the folder of all. */
  private static final int DEPTH = 3;

  @Override
  public String id() {
    return "parity";
  }

  @Override
  public void run(Kit kit) throws IOException {
    Path model = kit.work().resolve(DemoModel.ID);
    for (Path folder : folders(kit.golden())) {
      for (Precision precision : Precision.values()) {
        String name =
            kit.golden().relativize(folder) + ", " + precision.name().toLowerCase(Locale.ROOT);
        kit.measure(id(), name, () -> compare(kit, beside(model, folder), precision));
      }
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

  private static Facts compare(Kit kit, Path folder, Precision precision) throws IOException {
    long start = System.nanoTime();
    List<TapResult> taps =
        ParityRunner.run(
            folder, new ParityOptions(kit.device(), precision, Backend.availableThreads()));
    TapResult worst =
        taps.stream()
            .max(Comparator.comparingDouble(t -> t.maxAbs() / t.bound()))
            .orElseThrow(() -> new IOException(folder + " has no reference values"));
    return new Facts()
        .put("seconds", (System.nanoTime() - start) / 1e9)
        .put("taps", taps.size())
        .put("worst_tap", worst.name())
        .put("max_abs", worst.maxAbs())
        .put("nmse", worst.nmse())
        .put("bound", worst.bound())
        .put("problem", worst.problem().isEmpty() ? null : worst.problem())
        .put("within_tolerance", ParityReport.passed(taps))
        .require(precision == Precision.AUTO || ParityReport.passed(taps));
  }
}
