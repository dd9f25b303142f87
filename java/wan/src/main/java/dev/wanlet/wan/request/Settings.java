// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import static dev.wanlet.wan.request.Setting.Section.CLIP;
import static dev.wanlet.wan.request.Setting.Section.COMPUTE;
import static dev.wanlet.wan.request.Setting.Section.SAMPLING;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.media.write.CodecName;
import dev.wanlet.wan.media.write.PixelFormat;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.sampling.GuidanceInterval;
import dev.wanlet.wan.sampling.GuidanceRule;
import dev.wanlet.wan.sampling.NoiseScheduler;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.wan.sampling.SigmaList;
import dev.wanlet.wan.sampling.SkippedBlocks;
import dev.wanlet.wan.sampling.cache.CacheKind;
import dev.wanlet.wan.sampling.cache.CacheNumbers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Every setting of a run. To add one, write its entry and read it with {@link
 * GenerationRequest#find} where it has its effect: flags, help, metadata, {@code inspect}'s command
 * line, saved runs and their check on resume follow from the entry.
 */
public final class Settings {
  /** The seed that stands for a random one. */
  public static final long RANDOM_SEED = -1;

  /** Drawn seeds have 31 bits. */
  private static final long SEEDS = 1L << 31;

  /** Without first steps left out CFG-Zero* is only half of itself. */
  static final int USUAL_ZERO_INIT_STEPS = 1;

  /** Skip-layer guidance disturbs the layout of a clip that its first steps decide. */
  static final GuidanceInterval USUAL_SLG_INTERVAL =
      new GuidanceInterval(GuidanceInterval.Unit.STEPS, 0.2, 1);

  /** As diffusers has it for video to video. */
  private static final double USUAL_STRENGTH = 0.8;

  /** What few-step models are run with unless somebody knows better. */
  private static final int FEW_STEPS = 4;

  /** Filled by the entries below, in their order. */
  private static final List<Setting<?>> ENTRIES = new ArrayList<>();

  // --- Model

  public static final Setting<String> MODEL =
      entry(
          Setting.of("model", SettingType.TEXT, Setting.Section.MODEL)
              .alias("-m")
              .help(
                  "FOLDER|FILE|ID",
                  "Model: a folder in any layout, a weight file, or an id of 'wanlet models'"
                      + " (default: the demo model that comes along).")
              .shorthand());

  public static final Setting<Path> DIFFUSION_MODEL =
      entry(
          file(ModelPart.TRANSFORMER)
              .help("FILE", "Transformer; the low-noise expert where there are two."));

  public static final Setting<Path> HIGH_NOISE_DIFFUSION_MODEL =
      entry(
          file(ModelPart.HIGH_NOISE_TRANSFORMER)
              .help("FILE", "High-noise expert of a Wan 2.2 14B model."));

  public static final Setting<Path> VAE = entry(file(ModelPart.VAE).help("FILE", "VAE."));

  public static final Setting<Path> TEXT_ENCODER =
      entry(file(ModelPart.TEXT_ENCODER).alias("--t5xxl").help("FILE", "umT5 text encoder."));

  public static final Setting<Path> CLIP_VISION =
      entry(
          file(ModelPart.IMAGE_ENCODER)
              .help("FILE", "CLIP image encoder, of Wan 2.1 models that take pictures."));

  public static final Setting<Path> TOKENIZER =
      entry(
          file(ModelPart.TOKENIZER)
              .help("FILE|FOLDER", "spiece.model or tokenizer.json, or a folder with one."));

  /** Adapters that are added to the transformer while it runs; none: as it is. */
  public static final Setting<AdapterList> LORA =
      entry(
          Setting.of("lora", AdapterList.TYPE, Setting.Section.MODEL)
              .help(
                  "FILE[:STRENGTH][:high|:low]",
                  "LoRA adapter, added to the transformer while it runs; strength 1 unless said; of"
                      + " two experts to both, or to one; with :below=LEVEL at noise levels under"
                      + " that alone. May be given often."));

  /** The small decoder's file; none: there is none. */
  public static final Setting<Path> TAE =
      entry(
          Setting.of("tae", SettingType.FILE, Setting.Section.MODEL)
              .help(
                  "FILE",
                  "Small decoder, such as taew2_1.safetensors: for previews, and for the clip with"
                      + " --decoder tae."));

  // --- Clip

  /** What the clip shows; not blank. */
  public static final Setting<String> PROMPT =
      entry(
          Setting.of("prompt", SettingType.TEXT, CLIP)
              .alias("-p")
              .help("TEXT", "What the clip shows.")
              .orElse(
                  d -> {
                    throw RequestRules.noPrompt("missing");
                  })
              .check((d, text) -> RequestRules.prompt(text)));

  /** What guidance leads away from; may be empty. */
  public static final Setting<String> NEGATIVE_PROMPT =
      entry(
          Setting.of("negative-prompt", SettingType.TEXT, CLIP)
              .alias("-n")
              .help("TEXT", "What it should not show (default: the model's own).")
              .orElse(d -> d.model().negativePrompt()));

  /** Seed of the noise, 0 or above. */
  public static final Setting<Long> SEED =
      entry(
          Setting.of("seed", SettingType.LONG, CLIP)
              .alias("-s")
              .help("N", "Seed of the noise; -1 or none: a random one, which is told.")
              .listedAfter("fps")
              .noneIs(RANDOM_SEED)
              .orElse(d -> drawSeed())
              .check((d, seed) -> RequestRules.seed(seed)));

  /** Width and height at once, as {@link FrameSize#parse} reads it. */
  public static final Setting<String> SIZE =
      entry(
          Setting.of("size", SettingType.TEXT, CLIP)
              .help("WxH", "Frame size in pixels, such as 832x480 (default: the model's own).")
              .shorthand());

  /** Pixels in a row; which are possible depends on the model. */
  public static final Setting<Integer> WIDTH =
      entry(
          Setting.of("width", SettingType.INTEGER, CLIP)
              .alias("-W")
              .help("PIXELS", "Width alone.")
              .orElse(d -> sizeUnlessGiven(d).width())
              .check(Settings::checkWidth));

  /** Rows of pixels; which are possible depends on the model. */
  public static final Setting<Integer> HEIGHT =
      entry(
          Setting.of("height", SettingType.INTEGER, CLIP)
              .alias("-H")
              .help("PIXELS", "Height alone.")
              .orElse(d -> sizeUnlessGiven(d).height())
              .check(Settings::checkHeight));

  /** Length of the clip, 4n+1. */
  public static final Setting<Integer> FRAMES =
      entry(
          Setting.of("frames", SettingType.INTEGER, CLIP)
              .alias("--video-frames")
              .help("COUNT", "Frames, 4n+1 (default: the model's own).")
              .orElse(d -> ControlSettings.frames(d).orElse(d.model().frames()))
              .check((d, count) -> d.rules().frames(count)));

  /** Frames a second of the file, above 0. */
  public static final Setting<Double> FPS =
      entry(
          Setting.of("fps", SettingType.DOUBLE, CLIP)
              .help("RATE", "Frames a second of the file (default: the model's own).")
              .orElse(d -> d.model().fps())
              .check((d, rate) -> d.rules().fps(rate)));

  /** The first frame; none: the clip is made from the prompt alone. */
  public static final Setting<Path> INIT_IMG =
      entry(
          Setting.of("init-img", SettingType.FILE, CLIP)
              .alias("-i")
              .help(
                  "FILE",
                  "Picture that the clip begins with, for image-to-video models: PNG, JPEG, WebP,"
                      + " BMP, TIFF or GIF. Without a size the frame gets its shape.")
              .pictures("a picture to begin with"));

  /** The last frame; none: the clip ends as it will. */
  public static final Setting<Path> END_IMG =
      entry(
          Setting.of("end-img", SettingType.FILE, CLIP)
              .help("FILE", "Picture that the clip ends with; --init-img is wanted too.")
              .pictures("a picture to end with")
              .check((d, file) -> d.rules().lastPicture(d)));

  /** How pictures of another aspect fill the frame. */
  public static final Setting<Fit> FIT =
      entry(
          Setting.of("fit", SettingType.choice(Fit.class), CLIP)
              .help(
                  "HOW",
                  "How a picture of another shape fills the frame: crop, pad (with black) or stretch"
                      + " (default: crop; stretch where the frame has the picture's shape but for a"
                      + " few pixels, and the model sees the picture beside the noise).")
              .picturesOrControl("a way to fit pictures")
              .usually(PictureSettings::usualFit)
              .check((d, fit) -> d.rules().fit(d)));

  /** The control video; none: the clip is made without. */
  public static final Setting<Path> CONTROL_VIDEO =
      entry(
          Setting.of("control-video", SettingType.FILE, CLIP)
              .help(
                  "FILE|FOLDER",
                  "Control video, for VACE models: poses, depth, edges, or with a mask what is to be"
                      + " changed; a video, a GIF, or a folder of pictures. Without a size and a"
                      + " length the clip takes its.")
              .control("a control video"));

  /** Its mask; none: all of it is made anew. */
  public static final Setting<Path> CONTROL_MASK =
      entry(
          Setting.of("control-mask", SettingType.FILE, CLIP)
              .help(
                  "FILE|FOLDER",
                  "Mask of the control video, a picture or a video: white is made anew, black is"
                      + " kept (default: all is made anew).")
              .control("a mask")
              .check((d, file) -> ControlRules.mask(d)));

  /** What is shown under a mask; none: grey. */
  public static final Setting<MaskFill> MASK_FILL =
      entry(
          Setting.of("mask-fill", SettingType.choice(MaskFill.class), CLIP)
              .help(
                  "HOW",
                  "What the model is shown where the mask is white: grey, so nothing of what was"
                      + " there, or video, as a control (default: grey).")
              .control("a way to fill a mask")
              .check((d, fill) -> ControlRules.maskFill(d)));

  /** How far the clip reaches beyond the control video; none: not at all. */
  public static final Setting<Margins> EXPAND =
      entry(
          Setting.of("expand", Margins.TYPE, CLIP)
              .help(
                  "L,T,R,B",
                  "Make what lies beyond the control video: so many of its pixels to the left, above,"
                      + " to the right and below. The video itself is kept.")
              .control("margins to expand by")
              .check(ControlRules::margins));

  /** Whose last frames the clip begins with; none: nobody's. */
  public static final Setting<Path> EXTEND =
      entry(
          Setting.of("extend", SettingType.FILE, CLIP)
              .help(
                  "FILE|FOLDER",
                  "Video that the clip goes on from, for VACE models: it begins with its last"
                      + " frames. A picture does as well.")
              .control("a video to extend")
              .check((d, file) -> ControlRules.extended(d)));

  /** How many of them, 4n+1; none: about a second. */
  public static final Setting<Integer> EXTEND_FRAMES =
      entry(
          Setting.of("extend-frames", SettingType.INTEGER, CLIP)
              .help(
                  "COUNT",
                  "How many of its last frames the clip begins with, 4n+1 (default: 17, or as many"
                      + " as there are).")
              .control("a number of frames to extend from")
              .usually(ControlSettings::usualOverlap)
              .check(ControlRules::overlap));

  /** Pictures to refer to; none: there are none. */
  public static final Setting<FileList> REF_IMAGE =
      entry(
          Setting.of("ref-image", FileList.TYPE, CLIP)
              .help(
                  "FILE",
                  "Picture to refer to, for VACE models: a person, a thing, a place that the clip"
                      + " shows. May be given often.")
              .control("a picture to refer to")
              .check(ControlRules::references));

  /** What hints of the control branch are multiplied by, 0 to 2. */
  public static final Setting<Double> CONTROL_STRENGTH =
      entry(
          Setting.of("control-strength", SettingType.DOUBLE, CLIP)
              .help("STRENGTH", "How much all these count, 0 to 2 (default: 1).")
              .control("a control strength")
              .orElse(d -> 1.0)
              .check((d, strength) -> ControlRules.strength(strength)));

  /** The video that the clip is made over from; none: it is made anew. */
  public static final Setting<Path> INIT_VIDEO =
      entry(
          Setting.of("init-video", SettingType.FILE, CLIP)
              .help(
                  "FILE|FOLDER",
                  "Video to make over, for models that make clips from a prompt: a video, a GIF or a"
                      + " folder of pictures. Without a size and a length the clip takes its.")
              .check((d, file) -> StartRules.video(d)));

  /** How much of the given picture or video is made anew, above 0 to 1. */
  public static final Setting<Double> STRENGTH =
      entry(
          Setting.of("strength", SettingType.DOUBLE, CLIP)
              .help(
                  "SHARE",
                  "With --init-video, or with --init-img on a model that makes clips from a prompt:"
                      + " how much is made anew, above 0 to 1. Of the steps the last so many run, on"
                      + " the picture or video with noise (default: 0.8 for a video).")
              .usually(d -> d.find(Settings.INIT_VIDEO).map(file -> USUAL_STRENGTH))
              .check(StartRules::strength));

  /** What a video is encoded as; none: H.264 in MP4, VP9 in WebM. */
  public static final Setting<CodecName> CODEC =
      entry(
          Setting.of(
                  "codec",
                  new SettingType<>(CodecName.class, CodecName::parse, CodecName::id),
                  CLIP)
              .help(
                  "NAME",
                  "How a video is encoded: h264, h265 or av1 in .mp4, vp9 or av1 in .webm, as far as"
                      + " FFmpeg has an encoder here (default: h264; vp9)."));

  /** Constant quality of the encoder, from 1; none: visually lossless. */
  public static final Setting<Integer> CRF =
      entry(
          Setting.of("crf", SettingType.INTEGER, CLIP)
              .help(
                  "N",
                  "Quality of the video, from 1; higher is smaller and worse, to 51 for h264 and"
                      + " h265, to 63 for others (default: the encoder's own, visually lossless)."));

  /** How a video stores its pixels; none: 4:2:0 of 8 bits. */
  public static final Setting<PixelFormat> PIXEL_FORMAT =
      entry(
          Setting.of("pixel-format", SettingType.choice(PixelFormat.class), CLIP)
              .help(
                  "NAME",
                  "yuv420p, or yuv420p10le: 10 bits, with av1, h265 and some encoders of h264"
                      + " (default: yuv420p)."));

  // --- Sampling

  /**
   * Name of the sampling recipe that gave settings their values. Whoever sets it sets those too: a
   * request knows no recipes.
   */
  public static final Setting<String> RECIPE =
      entry(
          Setting.of("recipe", SettingType.TEXT, SAMPLING)
              .help(
                  "NAME",
                  "Sampling recipe, as 'wanlet recipes' lists them; what you set yourself stays."
                      + " none: do not even look for one (default: the one the model's files are"
                      + " known to need)."));

  /** The solver. */
  public static final Setting<SamplingMethod> METHOD =
      entry(
          Setting.of(
                  "sampling-method",
                  new SettingType<>(
                      SamplingMethod.class, SamplingMethod::parse, SamplingMethod::id),
                  SAMPLING)
              .help(
                  "NAME",
                  "unipc, dpm++2m, euler, euler_a, res_multistep; for few-step models lcm,"
                      + " distilled or rcm (default: the model's own).")
              .listedAfter("steps")
              .orElse(d -> d.model().sampler()));

  /** Sampling steps, 1 to 1000. */
  public static final Setting<Integer> STEPS =
      entry(
          Setting.of("steps", SettingType.INTEGER, SAMPLING)
              .help("COUNT", "Sampling steps (default: the model's own; few-step methods: 4).")
              .orElse(d -> d.get(METHOD).isFewStep() ? FEW_STEPS : d.model().steps())
              .forced(d -> d.find(Settings.SIGMAS).map(SigmaList::steps))
              .check((d, count) -> d.rules().steps(count)));

  /** Flow shift, above 0. */
  public static final Setting<Double> FLOW_SHIFT =
      entry(
          Setting.of("flow-shift", SettingType.DOUBLE, SAMPLING)
              .help("SHIFT", "Flow shift (default: the model's own, at some sizes lower).")
              .listedAfter("moe-boundary")
              .orElse(d -> d.model().flowShift(ClipSpec.sizeOf(d)))
              .check((d, shift) -> d.rules().flowShift(shift)));

  /** Guidance scale, 0 to 1000; 1 is off. */
  public static final Setting<Double> GUIDANCE_SCALE =
      entry(
          Setting.of("cfg-scale", SettingType.DOUBLE, SAMPLING)
              .help(
                  "SCALE",
                  "Guidance scale; 1 switches guidance off and halves the time (default: the"
                      + " model's own).")
              .orElse(d -> d.model().guidanceScale())
              .check((d, scale) -> d.rules().guidance("guidance scale", scale)));

  /** Guidance scale of the high-noise expert. One scale from the user is meant for both experts. */
  public static final Setting<Double> HIGH_NOISE_GUIDANCE_SCALE =
      entry(
          Setting.of("high-noise-cfg-scale", SettingType.DOUBLE, SAMPLING)
              .help(
                  "SCALE",
                  "Guidance scale of the high-noise expert (default: --cfg-scale, or its own).")
              .twoExperts("a guidance scale for the high-noise expert")
              .orElse(d -> d.given(GUIDANCE_SCALE).orElse(d.model().highNoiseGuidanceScale()))
              .check((d, scale) -> d.rules().guidance("high-noise guidance scale", scale)));

  /** Where in the run guidance is on; none: everywhere. */
  public static final Setting<GuidanceInterval> GUIDANCE_INTERVAL =
      entry(
          Setting.of(
                  "guidance-interval",
                  new SettingType<>(
                      GuidanceInterval.class, GuidanceInterval::parse, GuidanceInterval::toString),
                  SAMPLING)
              .help(
                  "START,END",
                  "Where guidance is on: a share of the steps such as 0.1,0.8, or noise levels such"
                      + " as sigma:0.3,0.95; other steps take one pass (default: everywhere)."));

  /** How two velocities become one; none: plain guidance. */
  public static final Setting<GuidanceRule.Kind> GUIDANCE_RULE =
      entry(
          Setting.of(
                  "guidance-rule",
                  new SettingType<>(
                      GuidanceRule.Kind.class, GuidanceRule.Kind::parse, GuidanceRule.Kind::id),
                  SAMPLING)
              .help(
                  "NAME",
                  "cfg, cfg-zero-star (rescales the pass without the prompt) or apg (keeps what"
                      + " leads across the prediction, with momentum) (default: cfg)."));

  /** First steps that move nothing and need no pass, fewer than all; none: 1 with CFG-Zero*. */
  public static final Setting<Integer> ZERO_INIT_STEPS =
      entry(
          Setting.of("zero-init-steps", SettingType.INTEGER, SAMPLING)
              .help("COUNT", "First steps that cfg-zero-star leaves out (default: 1).")
              .check((d, n) -> RequestRules.zeroInit(d, n)));

  /** How much of earlier differences APG adds, between -1 and 1; none: -0.75. */
  public static final Setting<Double> APG_MOMENTUM =
      entry(
          Setting.of("apg-momentum", SettingType.DOUBLE, SAMPLING)
              .help("SHARE", "Momentum of apg, between -1 and 1 (default: -0.75).")
              .check((d, m) -> RequestRules.apg(d, Settings.APG_MOMENTUM, m, m > -1 && m < 1)));

  /** Most length of APG's difference; 0 is no cap; none: 55. */
  public static final Setting<Double> APG_NORM =
      entry(
          Setting.of("apg-norm", SettingType.DOUBLE, SAMPLING)
              .help("LENGTH", "Most length of apg's difference, 0 for any (default: 55).")
              .check((d, n) -> RequestRules.apg(d, Settings.APG_NORM, n, n >= 0 && n <= 1e6)));

  /** How much APG keeps of what leads along the prediction, 0 to 1; none: 0. */
  public static final Setting<Double> APG_ETA =
      entry(
          Setting.of("apg-eta", SettingType.DOUBLE, SAMPLING)
              .help("SHARE", "What apg keeps along the prediction, 0 to 1 (default: 0).")
              .check((d, e) -> RequestRules.apg(d, Settings.APG_ETA, e, e >= 0 && e <= 1)));

  /** Blocks that the pass without the prompt leaves out; none: no skip-layer guidance. */
  public static final Setting<SkippedBlocks> SLG_BLOCKS =
      entry(
          Setting.of(
                  "slg-blocks",
                  new SettingType<>(
                      SkippedBlocks.class, SkippedBlocks::parse, SkippedBlocks::toString),
                  SAMPLING)
              .help(
                  "LIST",
                  "Skip-layer guidance: blocks, from 0, that the pass without the prompt leaves"
                      + " out, such as 9 (default: none).")
              .check((d, skipped) -> d.rules().skippedBlocks(skipped)));

  /** Where it leaves them out; none: {@link #USUAL_SLG_INTERVAL}. */
  public static final Setting<GuidanceInterval> SLG_INTERVAL =
      entry(
          Setting.of(
                  "slg-interval",
                  new SettingType<>(
                      GuidanceInterval.class, GuidanceInterval::parse, GuidanceInterval::toString),
                  SAMPLING)
              .help("START,END", "Where skip-layer guidance is on, as above (default: 0.2,1).")
              .check((d, interval) -> RequestRules.slgInterval(d)));

  /** Normalized attention guidance, 1 to 1000; 1 is off; none: off. */
  public static final Setting<Double> NAG_SCALE =
      entry(
          Setting.of("nag-scale", SettingType.DOUBLE, SAMPLING)
              .help(
                  "SCALE",
                  "Normalized attention guidance: the negative prompt acts within cross-attention,"
                      + " with --cfg-scale 1 too and without a second pass, such as 11; 1: off"
                      + " (default: off).")
              .check((d, scale) -> RequestRules.nagScale(scale)));

  /** Most length of what it gives, 1 to 1000; none: 2.5. */
  public static final Setting<Double> NAG_TAU =
      entry(
          Setting.of("nag-tau", SettingType.DOUBLE, SAMPLING)
              .help(
                  "RATIO",
                  "How many times as long as without it what --nag-scale gives may be (default:"
                      + " 2.5).")
              .check(
                  (d, tau) -> RequestRules.nag(d, Settings.NAG_TAU, tau, tau >= 1 && tau <= 1000)));

  /** How much of it is taken, above 0 to 1; none: 0.25. */
  public static final Setting<Double> NAG_ALPHA =
      entry(
          Setting.of("nag-alpha", SettingType.DOUBLE, SAMPLING)
              .help("SHARE", "How much of it is taken, above 0 to 1 (default: 0.25).")
              .check(
                  (d, share) ->
                      RequestRules.nag(d, Settings.NAG_ALPHA, share, share > 0 && share <= 1)));

  /** Noise level, 0 to 1, at which the low-noise expert takes over. */
  public static final Setting<Double> EXPERT_BOUNDARY =
      entry(
          Setting.of("moe-boundary", SettingType.DOUBLE, SAMPLING)
              .help("LEVEL", "Noise level, 0 to 1, where the low-noise expert takes over.")
              .twoExperts("an expert boundary")
              .orElse(d -> d.model().expertBoundary().orElseThrow())
              .check((d, level) -> RequestRules.boundary(level)));

  /** Noise levels one by one; steps, shift and scheduler then say nothing. */
  public static final Setting<SigmaList> SIGMAS =
      entry(
          Setting.of(
                  "sigmas",
                  new SettingType<>(SigmaList.class, SigmaList::parse, SigmaList::toString),
                  SAMPLING)
              .help(
                  "LIST",
                  "Noise levels of the steps, such as 1,0.9375,0.8333,0.625; instead of --steps,"
                      + " --flow-shift and --scheduler.")
              .listedAfter("flow-shift"));

  /** How noise levels are chosen; none: the solver's own table. */
  public static final Setting<NoiseScheduler> SCHEDULER =
      entry(
          Setting.of(
                  "scheduler",
                  new SettingType<>(
                      NoiseScheduler.class, NoiseScheduler::parse, NoiseScheduler::id),
                  SAMPLING)
              .help(
                  "NAME",
                  "How noise levels are spaced: simple, beta or karras (default: the sampling"
                      + " method's own table).")
              .listedAfter("sigmas")
              .check((d, scheduler) -> RequestRules.scheduler(scheduler, d.get(METHOD))));

  /** What makes frames of latents; none: the VAE. */
  public static final Setting<Decoder> DECODER =
      entry(
          Setting.of("decoder", SettingType.choice(Decoder.class), SAMPLING)
              .help(
                  "NAME",
                  "vae, or tae: the small decoder of --tae, some twenty times as fast and less exact"
                      + " (default: vae).")
              .noneIs(Decoder.VAE)
              .check((d, decoder) -> RequestRules.smallDecoder(d)));

  /** Which steps may do without the transformer's blocks; none: no step. */
  public static final Setting<CacheKind> CACHE =
      entry(
          Setting.of(
                  "cache",
                  new SettingType<>(CacheKind.class, CacheKind::parse, CacheKind::id),
                  SAMPLING)
              .help(
                  "NAME",
                  "Step cache: steps that change little use again what the transformer did last."
                      + " mag and tea go by a table of the model ('wanlet calibrate' measures one),"
                      + " easy needs none; none: no cache (default: none)."));

  /** How much error a step cache lets add up, above 0; none: what its table says. */
  public static final Setting<Double> CACHE_THRESHOLD =
      entry(
          Setting.of("cache-threshold", SettingType.DOUBLE, SAMPLING)
              .help(
                  "ERROR",
                  "How much error the step cache lets add up: more skips more steps (default: what"
                      + " its table says).")
              .check(RequestRules::cacheThreshold));

  /** The numbers a step cache goes by; none: those published for the model. */
  public static final Setting<CacheNumbers> CACHE_TABLE =
      entry(
          Setting.of(
                  "cache-table",
                  new SettingType<>(
                      CacheNumbers.class, CacheNumbers::parse, CacheNumbers::toString),
                  SAMPLING)
              .help(
                  "TABLE",
                  "Table of the step cache, as 'wanlet calibrate' prints it (default: the one that"
                      + " was measured for the model, else the published one).")
              .check(RequestRules::cacheTable));

  // --- Device and memory; ComputeSettings checks what it holds

  /** Name of a device; none: the best there is. */
  public static final Setting<String> DEVICE =
      entry(
          Setting.of("device", SettingType.TEXT, COMPUTE)
              .help(
                  "NAME",
                  "Device to compute on, as 'wanlet doctor' lists them: CPU, CUDA0, Vulkan0, ..."
                      + " (default: the best there is).")
              .computeOnly());

  /** Threads of the CPU device. */
  public static final Setting<Integer> THREADS =
      entry(
          Setting.of("threads", SettingType.INTEGER, COMPUTE)
              .alias("-t")
              .help(
                  "COUNT",
                  "Threads of the CPU (default: one per processor that other programs leave free,"
                      + " adapted while it runs).")
              .computeOnly());

  /** Most device memory; none: what is free. */
  public static final Setting<ByteSize> VRAM =
      entry(
          Setting.of("vram", SettingType.BYTES, COMPUTE)
              .help(
                  "SIZE",
                  "Most device memory, such as 6GiB, also on the CPU device (default: auto, what is"
                      + " free).")
              .computeOnly());

  /** Most host memory; none: what is free. */
  public static final Setting<ByteSize> RAM =
      entry(
          Setting.of("ram", SettingType.BYTES, COMPUTE)
              .help("SIZE", "Most host memory (default: auto, what is free).")
              .computeOnly());

  /** How exactly graphs compute, which shapes the clip. */
  public static final Setting<Precision> PRECISION =
      entry(
          Setting.of("precision", SettingType.choice(Precision.class), COMPUTE)
              .help(
                  "HOW",
                  "auto, or f32: everything in 32-bit floats, slow and large (default: auto).")
              .orElse(d -> ComputeSettings.AUTO.precision()));

  /** Most transformer blocks that may stay on the device, 0 or more; none: as many as fit. */
  public static final Setting<Integer> MAX_RESIDENT =
      entry(
          Setting.of("max-resident", SettingType.INTEGER, COMPUTE)
              .alias("-ngl")
              .help(
                  "BLOCKS",
                  "Keep at most so many of the transformer's blocks on the device and stream the"
                      + " others (default: as many as fit).")
              .computeOnly()
              .check((d, blocks) -> RequestRules.maxResident(blocks)));

  /** All of them, in the order in which clips store them. */
  public static final SettingTable TABLE = new SettingTable(ENTRIES);

  private Settings() {}

  /** A seed by chance, short enough to type again. */
  public static long drawSeed() {
    return ThreadLocalRandom.current().nextLong(SEEDS);
  }

  private static <T> Setting<T> entry(Setting.Builder<T> builder) {
    Setting<T> setting = builder.build();
    ENTRIES.add(setting);
    return setting;
  }

  private static Setting.Builder<Path> file(ModelPart part) {
    String name = part.setting();
    return Setting.of(name, SettingType.FILE, Setting.Section.MODEL).fileOf(part);
  }

  private static FrameSize sizeUnlessGiven(Decisions d) {
    return d.given(SIZE)
        .map(FrameSize::parse)
        .or(() -> PictureSettings.frame(d))
        .or(() -> ControlSettings.frame(d))
        .orElse(d.model().size());
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
