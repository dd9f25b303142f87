// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.OutputException;
import dev.wanlet.wan.media.write.CodecName;
import dev.wanlet.wan.media.write.Encoding;
import dev.wanlet.wan.media.write.PixelFormat;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.sampling.FlowSchedule;
import dev.wanlet.wan.sampling.SamplingMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GenerationRequestTest {
  private static final ModelDefaults SMALL = ModelCatalog.standard().require("wan2.1-t2v-1.3b");

  @TempDir private Path folder;

  private GenerationRequest.Builder valid() {
    return GenerationRequest.builder().prompt("a fox").output(folder.resolve("fox.mp4"));
  }

  @Test
  void whatWasNotGivenComesFromTheModel() {
    GenerationRequest request = valid().build(SMALL);

    assertThat(request.clip().size()).isEqualTo(new FrameSize(832, 480));
    assertThat(request.clip().frames()).isEqualTo(81);
    assertThat(request.clip().fps()).isEqualTo(16);
    assertThat(request.clip().negativePrompt()).startsWith("色调艳丽，过曝");
    assertThat(request.sampling())
        .isEqualTo(
            new SamplingSettings(
                SamplingMethod.UNIPC,
                FlowSchedule.unipc(50, 8),
                6,
                6,
                OptionalDouble.empty(),
                GuidanceSettings.PLAIN,
                Optional.empty(),
                Set.of()));
    assertThat(request.compute()).isEqualTo(ComputeSettings.AUTO);
  }

  @Test
  void flowShiftFollowsTheSize() {
    ModelDefaults model = ModelCatalog.standard().require("wan2.1-t2v-14b");
    assertThat(valid().build(model).find(Settings.FLOW_SHIFT)).contains(3.0);
    assertThat(valid().size(1280, 720).build(model).find(Settings.FLOW_SHIFT)).contains(5.0);
  }

  @Test
  void oneGuidanceScaleIsMeantForBothExperts() {
    ModelDefaults model = ModelCatalog.standard().require("wan2.2-t2v-a14b");
    SamplingSettings own = valid().build(model).sampling();
    assertThat(own.guidanceScale()).isEqualTo(3);
    assertThat(own.highNoiseGuidanceScale()).isEqualTo(4);
    assertThat(own.expertBoundary()).hasValue(0.875);
    SamplingSettings given = valid().guidanceScale(1).build(model).sampling();
    assertThat(given.guidanceScale()).isEqualTo(1);
    assertThat(given.highNoiseGuidanceScale()).isEqualTo(1);
  }

  @Test
  void randomSeedsDifferAndAreShort() {
    long first = valid().seed(Settings.RANDOM_SEED).build(SMALL).clip().seed();
    long second = valid().build(SMALL).clip().seed();
    long third = valid().build(SMALL).clip().seed();
    assertThat(first).isBetween(0L, (1L << 31) - 1);
    // Three equal draws of 31 bits do not happen.
    assertThat(first == second && second == third).isFalse();
    assertThat(valid().seed(7).build(SMALL).clip().seed()).isEqualTo(7);
  }

  @Test
  void anEmptyNegativePromptIsKept() {
    assertThat(valid().negativePrompt("").build(SMALL).clip().negativePrompt()).isEmpty();
  }

  static Stream<Arguments> impossible() {
    return Stream.of(
        bad(b -> b.size(833, 481), "833x481", "832x480 or 848x496"),
        bad(b -> b.set(Settings.WIDTH, 840), "840x480", "832x480 or 848x480"),
        bad(b -> b.set(Settings.HEIGHT, -5), "832x-5", "nearest: 832x16"),
        bad(b -> b.set(Settings.WIDTH, 100_000), "100000x480", "nearest: 8192x480"),
        bad(b -> b.frames(80), "80 frames", "77 or 81"),
        bad(b -> b.frames(0), "0 frames", "1 or 5"),
        bad(b -> b.frames(Integer.MAX_VALUE), "2147483647 frames", "4089 or 4093"),
        bad(b -> b.fps(0), "0 frames a second", "such as 16"),
        bad(b -> b.fps(0.009), "0.009 frames a second", "expected 0.01 to 1000"),
        bad(b -> b.fps(Double.NaN), "NaN frames a second", "such as 16"),
        bad(b -> b.steps(0), "0 sampling steps", "such as 50"),
        bad(b -> b.flowShift(-1), "flow shift -1", "such as 8"),
        bad(b -> b.guidanceScale(-2), "guidance scale -2", "such as 6"),
        bad(
            b -> b.set(Settings.HIGH_NOISE_GUIDANCE_SCALE, 4.0),
            "high-noise expert",
            "has one transformer"),
        bad(b -> b.set(Settings.EXPERT_BOUNDARY, 0.5), "expert boundary", "has one transformer"),
        bad(b -> b.seed(-2), "seed -2", "-1 for a random one"),
        bad(b -> b.prompt("  "), "prompt is empty", "say what"),
        bad(b -> b.prompt(null), "prompt is missing", "say what the clip shows with --prompt"));
  }

  private static Arguments bad(
      UnaryOperator<GenerationRequest.Builder> change, String value, String advice) {
    return arguments(change, value, advice);
  }

  @ParameterizedTest
  @MethodSource("impossible")
  void impossibleSettingsAreQuotedWithWhatWouldWork(
      UnaryOperator<GenerationRequest.Builder> change, String value, String advice) {
    assertThatThrownBy(() -> change.apply(valid()).build(SMALL))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining(value)
        .hasMessageContaining(advice);
  }

  @Test
  void sizesOfTheFiveBillionModelAreMultiplesOf32() {
    ModelDefaults model = ModelCatalog.standard().require("wan2.2-ti2v-5b");
    assertThatThrownBy(() -> valid().size(1280, 720).build(model))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("multiples of 32")
        .hasMessageContaining("1280x704 or 1280x736");
  }

  @Test
  void outputsThatCannotBeWrittenAreRefused() {
    assertThatThrownBy(() -> valid().output(folder.resolve("fox.avi")).build(SMALL))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("fox.avi");
    assertThatThrownBy(() -> valid().output(null).build(SMALL)).isInstanceOf(OutputException.class);
  }

  @Test
  void allNamesOfASequenceAreLookedAt() throws IOException {
    Files.createDirectory(folder.resolve("p_0003.png"));
    GenerationRequest.Builder clip = valid().frames(5).output(folder.resolve("p.png"));
    assertThatThrownBy(() -> clip.build(SMALL))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining("p_0003.png: is a folder");
    // One frame takes the name as it is.
    assertThat(valid().frames(1).output(folder.resolve("p.png")).build(SMALL).clip().frames())
        .isEqualTo(1);
  }

  @Test
  void howAVideoIsEncodedIsOfUseForVideosOnly() {
    GenerationRequest request =
        valid()
            .set(Settings.CODEC, CodecName.AV1)
            .set(Settings.CRF, 30)
            .output(folder.resolve("fox.webm"))
            .build(SMALL);
    assertThat(request.encoding())
        .isEqualTo(
            new Encoding(Optional.of(CodecName.AV1), OptionalInt.of(30), PixelFormat.YUV420P));
    assertThat(valid().build(SMALL).encoding()).isEqualTo(Encoding.USUAL);
    assertThatThrownBy(
            () -> valid().set(Settings.CRF, 30).output(folder.resolve("fox.gif")).build(SMALL))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("--crf says how a video is encoded")
        .hasMessageContaining("fox.gif is none");
  }

  @Test
  void computeSettingsAreChecked() {
    assertThatThrownBy(() -> compute("CPU", OptionalInt.of(0), OptionalLong.empty()))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("0 threads");
    assertThatThrownBy(() -> compute("CPU", OptionalInt.empty(), OptionalLong.of(0)))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("0 bytes of device memory");
    assertThatThrownBy(() -> compute(" ", OptionalInt.empty(), OptionalLong.empty()))
        .isInstanceOf(RequestException.class);
  }

  private static ComputeSettings compute(String device, OptionalInt threads, OptionalLong vram) {
    return new ComputeSettings(
        device, threads, vram, OptionalLong.empty(), ComputeSettings.AUTO.precision());
  }
}
