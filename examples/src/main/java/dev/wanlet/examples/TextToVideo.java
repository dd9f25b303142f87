// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.examples;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.pipeline.Cancellation;
import dev.wanlet.wan.pipeline.GenerationListener;
import dev.wanlet.wan.pipeline.GenerationResult;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;

/** A prompt becomes a clip, with progress on stderr; Ctrl-C stops it cleanly. */
public final class TextToVideo {
  private TextToVideo() {}

  /** {@code PROMPT CLIP.mp4 [MODEL_FOLDER]}; without a folder the demo model is used. */
  public static void main(String[] args) throws Exception {
    VideoPipeline pipeline =
        VideoPipeline.of(args.length > 2 ? Path.of(args[2]) : DemoModel.directory());
    GenerationRequest request =
        GenerationRequest.builder()
            .prompt(args[0])
            .output(Path.of(args[1]))
            .seed(7)
            .build(pipeline.model());

    // At Ctrl-C, ask the run to stop and wait until it has cleaned up.
    Cancellation cancellation = new Cancellation();
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(cancellation, main)));

    GenerationListener progress =
        new GenerationListener() {
          @Override
          public void progress(Stage stage, double done, int total) {
            System.err.printf("%s: %.1f of %d %s%n", stage.title(), done, total, stage.unit());
          }
        };
    try {
      GenerationResult result =
          pipeline.generate(request, RunOptions.DEFAULT, progress, cancellation);
      System.out.println("wrote " + result.output());
    } catch (CancellationException e) {
      System.err.println(e.getMessage());
    }
  }

  private static void stop(Cancellation cancellation, Thread main) {
    cancellation.cancel();
    try {
      main.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
