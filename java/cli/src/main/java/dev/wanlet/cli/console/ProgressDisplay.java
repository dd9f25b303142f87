// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import dev.wanlet.base.Printable;
import dev.wanlet.wan.media.preview.PictureSheet;
import dev.wanlet.wan.media.preview.PreviewFile;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.pipeline.GenerationListener;
import dev.wanlet.wan.pipeline.preview.Preview;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ProgressBar;

/**
 * Shows how a run goes on: a moving bar per stage on a terminal, else a line now and then, with the
 * time left. Confined to the thread that runs the pipeline.
 */
public abstract class ProgressDisplay implements GenerationListener, AutoCloseable {
  private final PrintWriter err;
  private final LongSupplier nanoTime;
  final TimeLeft timeLeft = new TimeLeft();
  private Path savedRun;
  private PreviewFile previewFile;
  private TerminalPictures.Protocol pictures;

  private ProgressDisplay(PrintWriter err, LongSupplier nanoTime) {
    this.err = err;
    this.nanoTime = nanoTime;
  }

  /** The clock. */
  double seconds() {
    return nanoTime.getAsLong() / 1e9;
  }

  /** The display that suits where stderr goes. */
  public static ProgressDisplay open(PrintWriter err) {
    return Terminals.stderrIsTerminal() ? new Bars(err) : new Lines(err, System::nanoTime);
  }

  @Override
  public void planned(RunPlan plan) {
    timeLeft.planned(plan);
    println(plan.summary());
  }

  @Override
  public void adapted(List<String> summaries) {
    summaries.forEach(this::println);
  }

  @Override
  public void resumed(int step, int steps) {
    timeLeft.resumed(step);
    println("an earlier run of this clip is saved; going on after step " + step + " of " + steps);
  }

  @Override
  public void saved(Path file) {
    savedRun = file;
  }

  /** Whether progress goes to a terminal, where pictures can be shown. */
  public static boolean isOnTerminal() {
    return Terminals.stderrIsTerminal();
  }

  /**
   * Shows previews as they come.
   *
   * @param file may be null
   * @param protocol of a terminal; null shows none there
   */
  public void show(PreviewFile file, TerminalPictures.Protocol protocol) {
    previewFile = file;
    pictures = protocol;
  }

  @Override
  public void previewed(Preview preview) {
    if (previewFile != null) {
      try {
        previewFile.write(preview.frames(), preview.fps());
      } catch (IOException | RuntimeException e) {
        println("no more previews in the file: " + reason(e));
        previewFile = null; // the clip goes on
      }
    }
    if (pictures != null) {
      try {
        draw(TerminalPictures.of(PictureSheet.of(preview.frames()), pictures));
      } catch (RuntimeException e) {
        println("no more previews in the terminal: " + reason(e));
        pictures = null;
      }
    }
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  /** Shows a picture among the lines. */
  void draw(TerminalPictures.Shown picture) {}

  /** Where the run was saved last; empty if it was not. */
  public Optional<Path> savedRun() {
    return Optional.ofNullable(savedRun).filter(Files::exists);
  }

  /** {@code 40.0 s left}, {@code 40.0 s left (clip: 1 min 10 s)}. */
  static String words(double stageSeconds, OptionalDouble clipSeconds) {
    String clip =
        clipSeconds.isPresent() ? " (clip: " + Durations.text(clipSeconds.getAsDouble()) + ")" : "";
    return Durations.text(stageSeconds) + " left" + clip;
  }

  void println(String text) {
    err.println("wanlet: " + Printable.message(text));
    err.flush();
  }

  @Override
  public void close() {}

  /** Bars with the time left. */
  static final class Bars extends ProgressDisplay {
    /** Steps of the bar per unit, so that it moves within a unit. */
    private static final int FINENESS = 1000;

    private static final String CLEAR_LINE = "\r\033[K";

    private ProgressBar bar;

    /** Lines of the last picture, if it is right above the bar; 0 if there is none. */
    private volatile int pictureRows;

    Bars(PrintWriter err) {
      super(err, System::nanoTime);
      StderrLogFinder.console(
          line -> {
            pictureRows = 0;
            System.err.println(CLEAR_LINE + line);
          });
    }

    @Override
    void println(String text) {
      pictureRows = 0;
      super.println(text);
    }

    @Override
    void draw(TerminalPictures.Shown picture) {
      String over = pictureRows > 0 ? "\033[" + pictureRows + "A\033[J" : "";
      System.err.print(CLEAR_LINE + over + picture.text());
      System.err.flush();
      pictureRows = picture.rows();
    }

    @Override
    public void stageStarted(Stage stage, int total) {
      finish();
      timeLeft.started(stage, total, seconds());
      if (total == 0) {
        return; // prompts that are known already
      }
      int done = timeLeft.before();
      // Without the bar's own time left, which knows only what it saw itself.
      bar =
          Terminals.bar(stage.id())
              .setInitialMax((long) total * FINENESS)
              .startsFrom((long) done * FINENESS, Duration.ZERO)
              .setUnit(" " + stage.unit(), FINENESS)
              .hideEta()
              .build();
      tell(done);
    }

    @Override
    public void progress(Stage stage, double done, int total) {
      if (bar != null) {
        tell(done);
        bar.stepTo(Math.round(done * FINENESS));
      }
    }

    private void tell(double done) {
      double now = seconds();
      timeLeft
          .ofStage(done, now)
          .ifPresent(left -> bar.setExtraMessage(" " + words(left, timeLeft.ofClip(done, now))));
    }

    @Override
    public void stageFinished(Stage stage, double seconds) {
      finish();
    }

    private void finish() {
      if (bar != null) {
        pictureRows = 0; // the bar stays where it is
        bar.close();
        bar = null;
      }
    }

    @Override
    public void close() {
      finish();
      StderrLogFinder.console(StderrLogFinder.Console.STDERR);
    }
  }

  /** A line at most every few seconds, and one when a stage is through. */
  static final class Lines extends ProgressDisplay {
    private static final double SECONDS_BETWEEN = 10;

    private double last;

    /**
     * @param nanoTime a clock, such as {@link System#nanoTime}
     */
    Lines(PrintWriter err, LongSupplier nanoTime) {
      super(err, nanoTime);
    }

    @Override
    public void stageStarted(Stage stage, int total) {
      last = seconds();
      timeLeft.started(stage, total, last);
    }

    @Override
    public void progress(Stage stage, double done, int total) {
      double now = seconds();
      OptionalDouble left = timeLeft.ofStage(done, now);
      if (now - last < SECONDS_BETWEEN || left.isEmpty()) {
        return;
      }
      last = now;
      println(
          String.format(
              Locale.ROOT,
              "%s: %.1f of %d %s, %s",
              stage.id(),
              done,
              total,
              stage.unit(),
              words(left.getAsDouble(), timeLeft.ofClip(done, now))));
    }

    @Override
    public void stageFinished(Stage stage, double seconds) {
      println(stage.id() + ": done in " + Durations.text(seconds));
    }
  }
}
