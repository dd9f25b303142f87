// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.examples;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.pipeline.Cancellation;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/** {@code PROMPT CLIP.mp4}: makes a clip, with progress on stderr; Ctrl-C stops it cleanly. */
public final class TextToVideo {
  public static void main(String[] args) throws Exception {
    VideoPipeline pipeline = VideoPipeline.of(DemoModel.directory());
    GenerationRequest request =
        GenerationRequest.builder()
            .prompt(args[0])
            .output(Path.of(args[1]))
            .build(pipeline.model());
    Cancellation cancellation = new Cancellation();
    RunOptions options =
        RunOptions.defaults()
            .withCancellation(cancellation)
            .withListener(
                (stage, done, total) ->
                    System.err.printf("%s: %.1f of %d%n", stage.title(), done, total));

    CompletableFuture<Void> cleanedUp = new CompletableFuture<>();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(cancellation, cleanedUp)));
    try {
      System.out.println("wrote " + pipeline.generate(request, options).output());
    } catch (CancellationException e) {
      System.err.println(e.getMessage());
    } finally {
      cleanedUp.complete(null);
    }
  }

  private static void stop(Cancellation cancellation, CompletableFuture<Void> cleanedUp) {
    cancellation.cancel();
    cleanedUp.join();
  }
}
