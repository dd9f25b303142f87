// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.cli.options.Options;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.request.GenerationRequest;
import picocli.CommandLine.Option;

/** Options that say what the clip is like. Confined to one thread. */
final class ClipOptions {
  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
      description = "What the clip shows.")
  private String prompt;

  @Option(
      names = {"-n", "--negative-prompt"},
      paramLabel = "TEXT",
      description = "What it should not show (default: the model's own).")
  private String negativePrompt;

  @Option(
      names = "--size",
      paramLabel = "WxH",
      description = "Frame size in pixels, such as 832x480 (default: the model's own).")
  private String size;

  @Option(
      names = {"-W", "--width"},
      paramLabel = "PIXELS",
      description = "Width alone.")
  private Integer width;

  @Option(
      names = {"-H", "--height"},
      paramLabel = "PIXELS",
      description = "Height alone.")
  private Integer height;

  @Option(
      names = {"--frames", "--video-frames"},
      paramLabel = "COUNT",
      description = "Frames, 4n+1 (default: the model's own).")
  private Integer frames;

  @Option(
      names = "--fps",
      paramLabel = "RATE",
      description = "Frames a second of the file (default: the model's own).")
  private Double fps;

  @Option(
      names = {"-s", "--seed"},
      paramLabel = "N",
      description = "Seed of the noise; -1 or none: a random one, which is told.")
  private Long seed;

  /** Hands what was given to a request. */
  void applyTo(GenerationRequest.Builder request) {
    request.prompt(prompt).negativePrompt(negativePrompt);
    if (size != null) {
      FrameSize both = FrameSize.parse(size);
      requireSame("--width", width, both.width());
      requireSame("--height", height, both.height());
      request.size(both);
    }
    Options.ifGiven(width, request::width);
    Options.ifGiven(height, request::height);
    Options.ifGiven(frames, request::frames);
    Options.ifGiven(fps, request::fps);
    Options.ifGiven(seed, request::seed);
  }

  private void requireSame(String option, Integer side, int inSize) {
    if (side != null && side != inSize) {
      throw new RequestException(
          option + " " + side + " contradicts --size " + size + "; give one of them");
    }
  }
}
