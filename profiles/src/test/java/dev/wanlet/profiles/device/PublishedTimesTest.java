// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.ggml.Device;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.pipeline.VideoPipeline;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Predictions from data sheets beside what others published for their programs. */
class PublishedTimesTest {
  private static final long HOST_BYTES = 64L << 30;
  private static final Path DOCUMENT = Path.of("..", "docs", "time-model.md");

  /** Beyond this a prediction is explained, or wrong. */
  private static final double NEAR = 1.5;

  record Published(
      String card,
      String model,
      String recipe,
      String size,
      String per,
      Integer steps,
      boolean guided,
      double seconds,
      String program,
      String why) {
    @Override
    public String toString() {
      return card + ", " + model + ", " + size + ", " + program;
    }
  }

  static List<Published> rows() throws IOException {
    try (InputStream in = PublishedTimesTest.class.getResourceAsStream("published.json")) {
      return new ObjectMapper().readValue(in, new TypeReference<List<Published>>() {});
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void thePredictionIsNearOrTheReasonIsKnownAndTheDocumentSaysBoth(Published row)
      throws IOException {
    double predicted = predict(row);
    double ratio = predicted / row.seconds();
    if (row.why() == null) {
      assertThat(ratio).isBetween(1 / NEAR, NEAR);
    } else {
      assertThat(ratio).isGreaterThan(NEAR);
    }
    String line =
        String.format(
            Locale.ROOT,
            "| %s | %s %s | %s | %s | %s | %s | %.2f | %s |",
            DeviceSpecs.standard().require(row.card()).title(),
            row.model(),
            row.recipe(),
            row.size(),
            row.steps() == null
                ? row.guided() ? "a guided step" : "a step"
                : "a clip of " + row.steps() + " steps",
            time(predicted),
            time(row.seconds()),
            ratio,
            row.program() + (row.why() == null ? "" : ". " + row.why()));
    assertThat(Files.readAllLines(DOCUMENT)).contains(line);
  }

  private static String time(double seconds) {
    return String.format(Locale.ROOT, seconds < 100 ? "%.1f s" : "%.0f s", seconds);
  }

  private static double predict(Published row) throws IOException {
    DeviceSpec card = DeviceSpecs.standard().require(row.card());
    ModelCatalog catalog = ModelCatalog.standard();
    try (OpenModel model =
        OpenModel.toPlan(
            ModelSelection.none().withModel(row.model()),
            Optional.of(row.recipe()),
            catalog,
            new ModelResolver(catalog))) {
      RunPlanner planner =
          VideoPipeline.planner(
              ModelFacts.of(model, Device.cpu(), 1, card.rates(), Precision.AUTO));
      RunPlan plan =
          planner.plan(
              new RunPlanner.Job(
                  FrameSize.parse(row.size()),
                  81,
                  row.steps() == null ? 1 : row.steps(),
                  row.guided() ? List.of(60, 126) : List.of(60),
                  Precision.AUTO,
                  Integer.MAX_VALUE),
              card.budget(HOST_BYTES));
      return row.steps() == null ? plan.transformer().stepSeconds() : plan.seconds();
    }
  }
}
