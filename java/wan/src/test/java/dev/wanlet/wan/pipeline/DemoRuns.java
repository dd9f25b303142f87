// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.ggml.Ggml;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelResolver;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.nn.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What tests share that run the demo model: its files, a pipeline, a folder; nothing may leak. */
abstract class DemoRuns {
  /** One thread of the CPU, as much memory as there is. */
  static final ComputeSettings ONE_THREAD =
      new ComputeSettings(
          "CPU", OptionalInt.of(1), OptionalLong.empty(), OptionalLong.empty(), Precision.AUTO);

  @TempDir Path folder;
  ModelFiles files;
  VideoPipeline pipeline;
  private int liveBefore;

  @BeforeEach
  void openDemo() throws IOException {
    liveBefore = Ggml.liveObjects();
    use(ModelSelection.none());
  }

  /** Takes other files in the place of the demo's. */
  void use(ModelSelection selection) throws IOException {
    files =
        new ModelResolver(ModelCatalog.standard(), DemoRuns::demo, DemoRuns::demoPictures)
            .resolve(selection);
    pipeline = new VideoPipeline(files);
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(Ggml.liveObjects()).isEqualTo(liveBefore);
  }

  static Path demoPictures() {
    try {
      return DemoModel.imageToVideoTransformer();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Path demo() {
    try {
      return DemoModel.directory();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
