// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import static dev.wanlet.wan.request.Setting.Section.CLIP;
import static dev.wanlet.wan.request.Setting.Section.COMPUTE;
import static dev.wanlet.wan.request.Setting.Section.SAMPLING;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.sampling.SamplingMethod;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Every setting of a run. To add one, write its entry, put it into {@link #TABLE}, and read it with
 * {@link GenerationRequest#find} where it has its effect: flags, help, metadata, {@code inspect}'s
 * command line, saved runs and their check on resume follow from the entry.
 */
public final class Settings {
  /** The seed that stands for a random one. */
  public static final long RANDOM_SEED = -1;

  /** Drawn seeds have 31 bits: short enough to type again. */
  private static final long SEEDS = 1L << 31;

  // --- Model

  public static final Setting<String> MODEL =
      Setting.of("model", SettingType.TEXT, Setting.Section.MODEL)
          .alias("-m")
          .help(
              "FOLDER|FILE|ID",
              "Model: a folder in any layout, a weight file, or an id of 'wanlet models' (default:"
                  + " the demo model that comes along).")
          .shorthand()
          .build();

  public static final Setting<Path> DIFFUSION_MODEL =
      file(ModelPart.TRANSFORMER)
          .help("FILE", "Transformer; the low-noise expert where there are two.")
          .build();

  public static final Setting<Path> HIGH_NOISE_DIFFUSION_MODEL =
      file(ModelPart.HIGH_NOISE_TRANSFORMER)
          .help("FILE", "High-noise expert of a Wan 2.2 14B model.")
          .build();

  public static final Setting<Path> VAE = file(ModelPart.VAE).help("FILE", "VAE.").build();

  public static final Setting<Path> TEXT_ENCODER =
      file(ModelPart.TEXT_ENCODER).alias("--t5xxl").help("FILE", "umT5 text encoder.").build();

  public static final Setting<Path> TOKENIZER =
      file(ModelPart.TOKENIZER)
          .help("FILE|FOLDER", "spiece.model or tokenizer.json, or a folder with one.")
          .build();

  // --- Clip

  /** What the clip shows; not blank. */
  public static final Setting<String> PROMPT =
      Setting.of("prompt", SettingType.TEXT, CLIP)
          .alias("-p")
          .help("TEXT", "What the clip shows.")
          .orElse(
              d -> {
                throw RequestRules.noPrompt("missing");
              })
          .check((d, text) -> RequestRules.prompt(text))
          .build();

  /** What guidance leads away from; may be empty. */
  public static final Setting<String> NEGATIVE_PROMPT =
      Setting.of("negative-prompt", SettingType.TEXT, CLIP)
          .alias("-n")
          .help("TEXT", "What it should not show (default: the model's own).")
          .orElse(d -> d.model().negativePrompt())
          .build();

  /** Seed of the noise, 0 or above. */
  public static final Setting<Long> SEED =
      Setting.of("seed", SettingType.LONG, CLIP)
          .alias("-s")
          .help("N", "Seed of the noise; -1 or none: a random one, which is told.")
          .listedAfter("fps")
          .noneIs(RANDOM_SEED)
          .orElse(d -> ThreadLocalRandom.current().nextLong(SEEDS))
          .check((d, seed) -> RequestRules.seed(seed))
          .build();

  /** Width and height at once, as {@link FrameSize#parse} reads it. */
  public static final Setting<String> SIZE =
      Setting.of("size", SettingType.TEXT, CLIP)
          .help("WxH", "Frame size in pixels, such as 832x480 (default: the model's own).")
          .shorthand()
          .build();

  /** Pixels in a row; which are possible depends on the model. */
  public static final Setting<Integer> WIDTH =
      Setting.of("width", SettingType.INTEGER, CLIP)
          .alias("-W")
          .help("PIXELS", "Width alone.")
          .orElse(d -> sizeUnlessGiven(d).width())
          .check(Settings::checkWidth)
          .build();

  /** Rows of pixels; which are possible depends on the model. */
  public static final Setting<Integer> HEIGHT =
      Setting.of("height", SettingType.INTEGER, CLIP)
          .alias("-H")
          .help("PIXELS", "Height alone.")
          .orElse(d -> sizeUnlessGiven(d).height())
          .check(Settings::checkHeight)
          .build();

  /** Length of the clip, 4n+1. */
  public static final Setting<Integer> FRAMES =
      Setting.of("frames", SettingType.INTEGER, CLIP)
          .alias("--video-frames")
          .help("COUNT", "Frames, 4n+1 (default: the model's own).")
          .orElse(d -> d.model().frames())
          .check((d, count) -> d.rules().frames(count))
          .build();

  /** Frames a second of the file, above 0. */
  public static final Setting<Double> FPS =
      Setting.of("fps", SettingType.DOUBLE, CLIP)
          .help("RATE", "Frames a second of the file (default: the model's own).")
          .orElse(d -> d.model().fps())
          .check((d, rate) -> d.rules().fps(rate))
          .build();

  // --- Sampling

  /** The solver. */
  public static final Setting<SamplingMethod> METHOD =
      Setting.of(
              "sampling-method",
              new SettingType<>(SamplingMethod.class, SamplingMethod::parse, SamplingMethod::id),
              SAMPLING)
          .help("NAME", "unipc, dpm++2m, euler, lcm or distilled (default: the model's own).")
          .listedAfter("steps")
          .orElse(d -> d.model().sampler())
          .build();

  /** Sampling steps, 1 to 1000. */
  public static final Setting<Integer> STEPS =
      Setting.of("steps", SettingType.INTEGER, SAMPLING)
          .help("COUNT", "Sampling steps (default: the model's own).")
          .orElse(d -> d.model().steps())
          .check((d, count) -> d.rules().steps(count))
          .build();

  /** Flow shift, above 0. */
  public static final Setting<Double> FLOW_SHIFT =
      Setting.of("flow-shift", SettingType.DOUBLE, SAMPLING)
          .help("SHIFT", "Flow shift (default: the model's own, at some sizes lower).")
          .listedAfter("moe-boundary")
          .orElse(d -> d.model().flowShift(ClipSpec.sizeOf(d)))
          .check((d, shift) -> d.rules().flowShift(shift))
          .build();

  /** Guidance scale, 0 to 1000; 1 is off. */
  public static final Setting<Double> GUIDANCE_SCALE =
      Setting.of("cfg-scale", SettingType.DOUBLE, SAMPLING)
          .help(
              "SCALE",
              "Guidance scale; 1 switches guidance off and halves the time (default: the model's"
                  + " own).")
          .orElse(d -> d.model().guidanceScale())
          .check((d, scale) -> d.rules().guidance("guidance scale", scale))
          .build();

  /** Guidance scale of the high-noise expert. One scale from the user is meant for both experts. */
  public static final Setting<Double> HIGH_NOISE_GUIDANCE_SCALE =
      Setting.of("high-noise-cfg-scale", SettingType.DOUBLE, SAMPLING)
          .help(
              "SCALE",
              "Guidance scale of the high-noise expert (default: --cfg-scale, or its own).")
          .twoExperts("a guidance scale for the high-noise expert")
          .orElse(d -> d.given(GUIDANCE_SCALE).orElse(d.model().highNoiseGuidanceScale()))
          .check((d, scale) -> d.rules().guidance("high-noise guidance scale", scale))
          .build();

  /** Noise level, 0 to 1, at which the low-noise expert takes over. */
  public static final Setting<Double> EXPERT_BOUNDARY =
      Setting.of("moe-boundary", SettingType.DOUBLE, SAMPLING)
          .help("LEVEL", "Noise level, 0 to 1, where the low-noise expert takes over.")
          .twoExperts("an expert boundary")
          .orElse(d -> d.model().expertBoundary().orElseThrow())
          .check((d, level) -> RequestRules.boundary(level))
          .build();

  // --- Device and memory; ComputeSettings checks what it holds

  /** Name of a device; none: the best there is. */
  public static final Setting<String> DEVICE =
      Setting.of("device", SettingType.TEXT, COMPUTE)
          .help(
              "NAME",
              "Device to compute on, as 'wanlet doctor' lists them: CPU, CUDA0, Vulkan0, ..."
                  + " (default: the best there is).")
          .computeOnly()
          .build();

  /** Threads of the CPU device. */
  public static final Setting<Integer> THREADS =
      Setting.of("threads", SettingType.INTEGER, COMPUTE)
          .alias("-t")
          .help(
              "COUNT",
              "Threads of the CPU (default: one per processor that other programs leave free,"
                  + " adapted while it runs).")
          .computeOnly()
          .build();

  /** Most device memory; none: what is free. */
  public static final Setting<ByteSize> VRAM =
      Setting.of("vram", SettingType.BYTES, COMPUTE)
          .help(
              "SIZE",
              "Most device memory, such as 6GiB, also on the CPU device (default: auto, what is"
                  + " free).")
          .computeOnly()
          .build();

  /** Most host memory; none: what is free. */
  public static final Setting<ByteSize> RAM =
      Setting.of("ram", SettingType.BYTES, COMPUTE)
          .help("SIZE", "Most host memory (default: auto, what is free).")
          .computeOnly()
          .build();

  /** How exactly graphs compute, which shapes the clip. */
  public static final Setting<Precision> PRECISION =
      Setting.of("precision", SettingType.choice(Precision.class), COMPUTE)
          .help("HOW", "auto, or f32: everything in 32-bit floats, slow and large (default: auto).")
          .orElse(d -> ComputeSettings.AUTO.precision())
          .build();

  /** Most transformer blocks that may stay on the device, 0 or more; none: as many as fit. */
  public static final Setting<Integer> MAX_RESIDENT =
      Setting.of("max-resident", SettingType.INTEGER, COMPUTE)
          .alias("-ngl")
          .help(
              "BLOCKS",
              "Keep at most so many of the transformer's blocks on the device and stream the others"
                  + " (default: as many as fit).")
          .computeOnly()
          .check((d, blocks) -> RequestRules.maxResident(blocks))
          .build();

  /** All of them, in the order in which clips store them. */
  public static final SettingTable TABLE =
      new SettingTable(
          List.of(
              MODEL,
              DIFFUSION_MODEL,
              HIGH_NOISE_DIFFUSION_MODEL,
              VAE,
              TEXT_ENCODER,
              TOKENIZER,
              PROMPT,
              NEGATIVE_PROMPT,
              SEED,
              SIZE,
              WIDTH,
              HEIGHT,
              FRAMES,
              FPS,
              METHOD,
              STEPS,
              FLOW_SHIFT,
              GUIDANCE_SCALE,
              HIGH_NOISE_GUIDANCE_SCALE,
              EXPERT_BOUNDARY,
              DEVICE,
              THREADS,
              VRAM,
              RAM,
              PRECISION,
              MAX_RESIDENT));

  private Settings() {}

  private static Setting.Builder<Path> file(ModelPart part) {
    String name = part.setting();
    return Setting.of(name, SettingType.FILE, Setting.Section.MODEL).fileOf(part);
  }

  private static FrameSize sizeUnlessGiven(Decisions d) {
    return d.given(SIZE).map(FrameSize::parse).orElse(d.model().size());
  }

  private static void checkWidth(Decisions d, int width) {
    d.given(SIZE)
        .ifPresent(s -> RequestRules.sideInSize(WIDTH, width, FrameSize.parse(s).width(), s));
  }

  /** Looks at the size as a whole too. */
  private static void checkHeight(Decisions d, int height) {
    d.given(SIZE)
        .ifPresent(s -> RequestRules.sideInSize(HEIGHT, height, FrameSize.parse(s).height(), s));
    d.rules().size(d.get(WIDTH), height);
  }
}
