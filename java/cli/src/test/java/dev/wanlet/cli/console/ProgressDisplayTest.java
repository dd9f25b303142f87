// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.preview.PreviewFile;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.pipeline.preview.Preview;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressDisplayTest {
  private static final long SECOND = 1_000_000_000L;

  @TempDir private Path folder;

  @Test
  void linesComeRarelyAndTellTheTimeLeft() {
    StringWriter text = new StringWriter();
    AtomicLong clock = new AtomicLong();
    ProgressDisplay.Lines lines = new ProgressDisplay.Lines(new PrintWriter(text), clock::get);
    lines.stageStarted(Stage.SAMPLE, 20);
    clock.set(4 * SECOND);
    lines.progress(Stage.SAMPLE, 1, 20);
    assertThat(text.toString()).isEmpty();
    clock.set(20 * SECOND);
    lines.progress(Stage.SAMPLE, 5, 20);
    assertThat(text.toString()).contains("sample: 5.0 of 20 steps", "1 min 00 s left");
    clock.set(21 * SECOND);
    lines.progress(Stage.SAMPLE, 5.5, 20);
    assertThat(text.toString()).hasLineCount(1);
    lines.stageFinished(Stage.SAMPLE, 80.2);
    assertThat(text.toString()).contains("sample: done in 1 min 20 s").hasLineCount(2);
  }

  /** As the pipeline tells it: that a run goes on comes before its first stage. */
  @Test
  void aResumedRunIsShownFromItsFirstStage() {
    StringWriter text = new StringWriter();
    PrintWriter err = new PrintWriter(text);
    for (ProgressDisplay display :
        List.of(new ProgressDisplay.Lines(err, () -> 0), new ProgressDisplay.Bars(err))) {
      try (display) {
        display.resumed(5, 20);
        display.stageStarted(Stage.TEXT, 2);
        display.progress(Stage.TEXT, 2, 2);
        display.stageFinished(Stage.TEXT, 1);
        display.stageStarted(Stage.SAMPLE, 20);
        display.progress(Stage.SAMPLE, 6, 20);
        display.stageFinished(Stage.SAMPLE, 1);
      }
    }
    assertThat(text.toString().split("going on after step 5 of 20", -1)).hasSize(3);
  }

  @Test
  void untilTheEndOfTheClipIsSaidBehind() {
    assertThat(ProgressDisplay.words(40, OptionalDouble.of(70)))
        .isEqualTo("40.0 s left (clip: 1 min 10 s)");
    assertThat(ProgressDisplay.words(40, OptionalDouble.empty())).isEqualTo("40.0 s left");
  }

  @Test
  void aPreviewThatCannotBeWrittenOrShownIsToldOnce() throws IOException {
    Path file = folder.resolve("preview.gif");
    StringWriter text = new StringWriter();
    try (ProgressDisplay display = new ProgressDisplay.Lines(new PrintWriter(text), () -> 0)) {
      display.show(new PreviewFile(file), TerminalPictures.Protocol.BLOCKS);
      Files.createDirectory(file);
      List<RgbFrame> frames = List.of(new RgbFrame(8, 8, new byte[8 * 8 * 3]));
      display.previewed(new Preview(1, 4, frames, 60));
      display.previewed(new Preview(2, 4, frames, 60));
      display.previewed(new Preview(3, 4, List.of(), 60));
      display.previewed(new Preview(4, 4, List.of(), 60));
    }
    assertThat(text.toString().lines())
        .satisfiesExactly(
            line -> assertThat(line).contains("no more previews in the file", "is a folder"),
            line -> assertThat(line).contains("no more previews in the terminal"));
  }

  @ParameterizedTest
  @CsvSource({
    "0.04, 0.0 s",
    "59.94, 59.9 s",
    "61, 1 min 01 s",
    "3599, 59 min 59 s",
    "7380, 2 h 03 min"
  })
  void timesAreForPeople(double seconds, String text) {
    assertThat(Durations.text(seconds)).isEqualTo(text);
  }
}
