// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.examples;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.pipeline.OpenPipeline;
import dev.wanlet.wan.pipeline.SamplingRun;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import java.nio.file.Path;

/** Many prompts with one open model, each sampled step by step and saved halfway. */
public final class ManyClips {
  private ManyClips() {}

  /** {@code FOLDER PROMPT...}; clips and saved runs go into the folder. */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    VideoPipeline pipeline = VideoPipeline.of(DemoModel.directory());
    try (OpenPipeline open = pipeline.open()) {
      for (int i = 1; i < args.length; i++) {
        GenerationRequest request =
            GenerationRequest.builder()
                .prompt(args[i])
                .output(folder.resolve("clip-" + i + ".mp4"))
                .seed(i)
                .build(pipeline.model());
        try (SamplingRun run = open.start(request)) {
          while (run.stepsDone() < run.steps() / 2) {
            run.step();
          }
          // RunOptions.defaults().resuming(RunCheckpoint.load(file)) would go on from here later.
          run.save(folder.resolve("halfway-" + i + ".safetensors"));
          System.out.println("wrote " + run.finish().output());
        }
      }
      System.err.println("the open model holds " + open.lease().heldBytes() + " bytes");
    }
  }
}
