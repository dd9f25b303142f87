// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Writes the models that other parts need: work for processors and disk while nothing else runs.
 */
final class ModelsPart implements Part {
  @Override
  public String id() {
    return "models";
  }

  @Override
  public void run(Kit kit) {
    Models models = new Models(kit.work(), kit.small());
    if (kit.small()) {
      // Not needed, but written the same way as the others are.
      kit.measure(id(), "a small transformer", () -> facts(models::smallTransformer));
    }
    List<ClipJob> jobs =
        Stream.concat(
                ClipJob.forBudgets(kit.small()).stream(), ClipJob.forSteps(kit.small()).stream())
            .toList();
    for (ClipJob job : jobs) {
      kit.measure(id(), job.model() + " " + job.type(), () -> write(models, job));
    }
  }

  @FunctionalInterface
  private interface Writing {
    Path write() throws IOException;
  }

  private static Facts write(Models models, ClipJob job) throws IOException {
    return facts(
        () -> models.files(job.model(), job.type(), Models.TextEncoder.STAND_IN).transformer());
  }

  private static Facts facts(Writing writing) throws IOException {
    long start = System.nanoTime();
    Path file = writing.write();
    return new Facts()
        .put("bytes", Files.size(file))
        .put("seconds", (System.nanoTime() - start) / 1e9);
  }
}
