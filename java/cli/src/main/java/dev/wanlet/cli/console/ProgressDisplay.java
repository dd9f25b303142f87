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
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ProgressBar;

/**
 * Shows how a run goes on: a moving bar per stage on a terminal, else a line now and then, with the
 * time left. Confined to the thread that runs the pipeline.
 */
public abstract class ProgressDisplay implements GenerationListener, AutoCloseable {
  private final PrintWriter err;
  private Path savedRun;
  private PreviewFile previewFile;
  private TerminalPictures.Protocol pictures;

  private ProgressDisplay(PrintWriter err) {
    this.err = err;
  }

  /** The display that suits where stderr goes. */
  public static ProgressDisplay open(PrintWriter err) {
    return Terminals.stderrIsTerminal() ? new Bars(err) : new Lines(err, System::nanoTime);
  }

  @Override
  public void planned(RunPlan plan) {
    println(plan.summary());
  }

  @Override
  public void adapted(List<String> summaries) {
    summaries.forEach(this::println);
  }

  @Override
  public void resumed(int step, int steps) {
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
      } catch (IOException e) {
        println("no more previews in the file: " + e.getMessage());
        previewFile = null; // the clip goes on
      }
    }
    if (pictures != null) {
      draw(TerminalPictures.of(PictureSheet.of(preview.frames()), pictures));
    }
  }

  /** Shows a picture among the lines. */
  void draw(TerminalPictures.Shown picture) {}

  /** Where the run was saved last; empty if it was not. */
  public Optional<Path> savedRun() {
    return Optional.ofNullable(savedRun).filter(Files::exists);
  }

  void println(String text) {
    err.println("wanlet: " + Printable.message(text));
    err.flush();
  }

  @Override
  public void close() {}

  /** Bars with the time left. */
  private static final class Bars extends ProgressDisplay {
    /** Steps of the bar per unit, so that it moves within a unit. */
    private static final int FINENESS = 1000;

    private static final String CLEAR_LINE = "\r\033[K";

    private ProgressBar bar;

    /** Lines of the last picture, if it is right above the bar; 0 if there is none. */
    private volatile int pictureRows;

    Bars(PrintWriter err) {
      super(err);
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
      bar =
          Terminals.bar(stage.id())
              .setInitialMax((long) total * FINENESS)
              .setUnit(" " + stage.unit(), FINENESS)
              .build();
    }

    @Override
    public void progress(Stage stage, double done, int total) {
      if (bar != null) {
        bar.stepTo(Math.round(done * FINENESS));
      }
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

    private final LongSupplier nanoTime;
    private long start;
    private long last;

    /**
     * @param nanoTime a clock, such as {@link System#nanoTime}
     */
    Lines(PrintWriter err, LongSupplier nanoTime) {
      super(err);
      this.nanoTime = nanoTime;
    }

    @Override
    public void stageStarted(Stage stage, int total) {
      start = nanoTime.getAsLong();
      last = start;
    }

    @Override
    public void progress(Stage stage, double done, int total) {
      long now = nanoTime.getAsLong();
      if ((now - last) / 1e9 < SECONDS_BETWEEN || done <= 0) {
        return;
      }
      last = now;
      double left = (now - start) / 1e9 / done * (total - done);
      println(
          String.format(
              Locale.ROOT,
              "%s: %.1f of %d %s, %s left",
              stage.id(),
              done,
              total,
              stage.unit(),
              Durations.text(left)));
    }

    @Override
    public void stageFinished(Stage stage, double seconds) {
      println(stage.id() + ": done in " + Durations.text(seconds));
    }
  }
}
