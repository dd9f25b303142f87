// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.cli.options.Options;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.sampling.SamplingMethod;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Options of how noise becomes the clip. Confined to one thread. */
final class SamplingOptions {
  @Option(
      names = "--steps",
      paramLabel = "COUNT",
      description = "Sampling steps (default: the model's own).")
  private Integer steps;

  @Option(
      names = "--sampling-method",
      paramLabel = "NAME",
      converter = MethodConverter.class,
      description = "unipc, dpm++2m, euler, lcm or distilled (default: the model's own).")
  private SamplingMethod method;

  @Option(
      names = "--cfg-scale",
      paramLabel = "SCALE",
      description =
          "Guidance scale; 1 switches guidance off and halves the time (default: the model's own).")
  private Double guidanceScale;

  @Option(
      names = "--high-noise-cfg-scale",
      paramLabel = "SCALE",
      description = "Guidance scale of the high-noise expert (default: --cfg-scale, or its own).")
  private Double highNoiseGuidanceScale;

  @Option(
      names = "--moe-boundary",
      paramLabel = "LEVEL",
      description = "Noise level, 0 to 1, where the low-noise expert takes over.")
  private Double boundary;

  @Option(
      names = "--flow-shift",
      paramLabel = "SHIFT",
      description = "Flow shift (default: the model's own, at some sizes lower).")
  private Double flowShift;

  /** Hands what was given to a request. */
  void applyTo(GenerationRequest.Builder request) {
    Options.ifGiven(steps, request::steps);
    Options.ifGiven(method, request::method);
    Options.ifGiven(guidanceScale, request::guidanceScale);
    Options.ifGiven(highNoiseGuidanceScale, request::highNoiseGuidanceScale);
    Options.ifGiven(boundary, request::expertBoundary);
    Options.ifGiven(flowShift, request::flowShift);
  }

  static final class MethodConverter implements ITypeConverter<SamplingMethod> {
    @Override
    public SamplingMethod convert(String value) {
      try {
        return SamplingMethod.parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
