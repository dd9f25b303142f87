// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.base.Count;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.OutputException;
import dev.wanlet.wan.media.write.FrameSinks;
import dev.wanlet.wan.sampling.GuidanceRule;
import dev.wanlet.wan.sampling.NoiseScheduler;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.wan.sampling.SkippedBlocks;
import dev.wanlet.wan.sampling.cache.CacheKind;
import dev.wanlet.wan.sampling.cache.CacheNumbers;
import dev.wanlet.wan.sampling.cache.PublishedCaches;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.List;

/**
 * What a model can be asked for: every check of a {@link GenerationRequest}, with its message.
 * Immutable.
 */
record RequestRules(ModelDefaults model) {
  /**
   * Rotary positions of an axis: the reference tabulates 1024 (wan/modules/model.py, rope_params).
   */
  private static final int MOST_POSITIONS = 1024;

  /** Beyond this neither encoders nor players work well. */
  private static final int LONGEST_SIDE = 8192;

  private static final int MOST_STEPS = 1000; // the models were trained on so many timesteps
  private static final double MOST_GUIDANCE = 1000;
  private static final double MOST_SHIFT = 1000;
  private static final double LEAST_FPS = 0.01; // as the formats of clips
  private static final double MOST_FPS = 1000;
  private static final double MOST_THRESHOLD = 1000;

  static RequestException noPrompt(String what) {
    return new RequestException(
        "the prompt is " + what + "; say what the clip shows with " + Settings.PROMPT.option());
  }

  static void prompt(String text) {
    if (text.isBlank()) {
      throw noPrompt("empty");
    }
  }

  static void seed(long value) {
    if (value < 0) {
      throw new RequestException("seed " + value + "; expected 0 or above, or -1 for a random one");
    }
  }

  /** To decode with the small decoder it must be given. */
  static void smallDecoder(Decisions d) {
    if (d.given(Settings.TAE).isEmpty()) {
      throw new RequestException(
          "decoding with the small decoder needs its file; give it with "
              + Settings.TAE.option()
              + ", such as taew2_1.safetensors");
    }
  }

  /** A side that was given both by itself and in a size. */
  static void sideInSize(Setting<Integer> side, int value, int inSize, String size) {
    if (value != inSize) {
      throw new RequestException(
          side.option() + " " + value + " contradicts --size " + size + "; give one of them");
    }
  }

  void size(int w, int h) {
    if (!isPossible(w) || !isPossible(h)) {
      throw new RequestException(
          String.format(
              "size %dx%d: width and height of %s are multiples of %d, up to %d; nearest: %s",
              w, h, model.id(), model.sizeMultiple(), longestSide(), nearestSizes(w, h)));
    }
  }

  private boolean isPossible(int side) {
    return side > 0 && side % model.sizeMultiple() == 0 && side <= longestSide();
  }

  private int longestSide() {
    return Math.min(LONGEST_SIDE, MOST_POSITIONS * model.sizeMultiple());
  }

  private String nearestSizes(int w, int h) {
    FrameSize below = new FrameSize(below(w), below(h));
    FrameSize above = new FrameSize(above(w), above(h));
    return below.equals(above) ? below.toString() : below + " or " + above;
  }

  private int below(int side) {
    return possible(Math.floorDiv(side, model.sizeMultiple()));
  }

  private int above(int side) {
    return possible(-Math.floorDiv(-side, model.sizeMultiple()));
  }

  private int possible(int multiples) {
    int most = longestSide() / model.sizeMultiple();
    return Math.max(1, Math.min(most, multiples)) * model.sizeMultiple();
  }

  void frames(int count) {
    int stride = model.vae().temporalStride();
    int most = (MOST_POSITIONS - 1) * stride + 1;
    if (count >= 1 && count <= most && (count - 1) % stride == 0) {
      return;
    }
    String rule =
        count + " frames: clips have " + stride + "n+1 frames, 1 to " + most + "; nearest: ";
    if (count < 1) {
      throw new RequestException(rule + "1 or " + (1 + stride));
    }
    if (count > most) {
      throw new RequestException(rule + (most - stride) + " or " + most);
    }
    int below = (count - 1) / stride * stride + 1;
    throw new RequestException(rule + below + " or " + (below + stride));
  }

  /** Each picture to refer to takes a position in front of the clip's. */
  void positions(int frames, int references) {
    int most = MOST_POSITIONS - ((frames - 1) / model.vae().temporalStride() + 1);
    if (references > most) {
      throw new RequestException(
          references
              + " pictures to refer to; expected at most "
              + most
              + " beside "
              + Count.of(frames, "frame"));
    }
  }

  void fps(double value) {
    if (!(value >= LEAST_FPS && value <= MOST_FPS)) {
      throw new RequestException(
          number(value)
              + " frames a second; expected "
              + number(LEAST_FPS)
              + " to "
              + number(MOST_FPS)
              + ", such as "
              + number(model.fps()));
    }
  }

  void steps(int count) {
    if (count < 1 || count > MOST_STEPS) {
      throw new RequestException(
          count
              + " sampling steps; expected 1 to "
              + MOST_STEPS
              + ", such as "
              + model.steps()
              + " for "
              + model.id());
    }
  }

  void flowShift(double value) {
    if (!(value > 0 && value <= MOST_SHIFT)) {
      throw new RequestException(
          "flow shift "
              + number(value)
              + "; expected more than 0, such as "
              + number(model.flowShift())
              + " for "
              + model.id());
    }
  }

  void guidance(String what, double value) {
    if (!(value >= 0 && value <= MOST_GUIDANCE)) {
      throw new RequestException(
          what
              + " "
              + number(value)
              + "; expected 0 to "
              + number(MOST_GUIDANCE)
              + ", such as "
              + number(model.guidanceScale())
              + " for "
              + model.name()
              + " (1 switches guidance off)");
    }
  }

  static void boundary(double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new RequestException(
          "expert boundary " + number(value) + "; expected 0 to 1, such as 0.875");
    }
  }

  static void scheduler(NoiseScheduler scheduler, SamplingMethod method) {
    scheduler
        .objection(method)
        .ifPresent(
            why -> {
              throw new RequestException(
                  "scheduler " + scheduler + " does not go with " + method + ": " + why);
            });
  }

  static void zeroInit(Decisions d, int count) {
    requireRule(d, Settings.ZERO_INIT_STEPS, GuidanceRule.Kind.CFG_ZERO_STAR);
    if (count < 0) {
      throw new RequestException(
          Settings.ZERO_INIT_STEPS.option() + " " + count + "; expected 0 or more, such as 1");
    }
  }

  static void apg(Decisions d, Setting<Double> setting, double value, boolean possible) {
    requireRule(d, setting, GuidanceRule.Kind.APG);
    if (!possible) {
      throw new RequestException(
          setting.option()
              + " "
              + number(value)
              + "; expected -1 < momentum < 1, a norm from 0 to 1000000, eta from 0 to 1");
    }
  }

  static void nagScale(double scale) {
    if (!(scale >= 1 && scale <= 1000)) {
      throw new RequestException(
          Settings.NAG_SCALE.option()
              + " "
              + number(scale)
              + "; expected a number from 1 to 1000, such as 11 (1 switches it off)");
    }
  }

  static void nag(Decisions d, Setting<Double> setting, double value, boolean possible) {
    if (d.find(Settings.NAG_SCALE).isEmpty()) {
      throw new RequestException(
          setting.option()
              + " belongs to "
              + Settings.NAG_SCALE.option()
              + ", and none was given; give that too, or leave it out");
    }
    if (!possible) {
      throw new RequestException(
          setting.option()
              + " "
              + number(value)
              + "; expected a tau from 1 to 1000, an alpha above 0 to 1");
    }
  }

  private static void requireRule(Decisions d, Setting<?> setting, GuidanceRule.Kind kind) {
    if (d.find(Settings.GUIDANCE_RULE).filter(kind::equals).isEmpty()) {
      throw new RequestException(
          setting.option()
              + " belongs to "
              + Settings.GUIDANCE_RULE.option()
              + " "
              + kind.id()
              + "; give that too, or leave it out");
    }
  }

  void skippedBlocks(SkippedBlocks skipped) {
    int blocks = model.transformer().layers();
    if (skipped.blocks().stream().anyMatch(b -> b >= blocks)) {
      throw new RequestException(
          "skip-layer guidance of blocks "
              + skipped
              + ": "
              + model.name()
              + " has "
              + blocks
              + " blocks, 0 to "
              + (blocks - 1));
    }
  }

  static void slgInterval(Decisions d) {
    if (d.find(Settings.SLG_BLOCKS).isEmpty()) {
      throw new RequestException(
          Settings.SLG_INTERVAL.option()
              + " says where "
              + Settings.SLG_BLOCKS.option()
              + " are left out, and none were given; give them, or leave it out");
    }
  }

  static void cacheThreshold(Decisions d, double value) {
    requireCache(d, Settings.CACHE_THRESHOLD);
    if (!(value > 0 && value <= MOST_THRESHOLD)) {
      throw new RequestException(
          Settings.CACHE_THRESHOLD.option()
              + " "
              + number(value)
              + "; expected more than 0, such as 0.1");
    }
  }

  static void cacheTable(Decisions d, CacheNumbers numbers) {
    requireCache(d, Settings.CACHE_TABLE);
    CacheKind kind = d.get(Settings.CACHE);
    if (numbers.kind() != kind) {
      throw new RequestException(
          String.format(
              "%s is one of %s, and %s %s was given",
              Settings.CACHE_TABLE.option(),
              numbers.kind().id(),
              Settings.CACHE.option(),
              kind.id()));
    }
  }

  private static void requireCache(Decisions d, Setting<?> setting) {
    if (d.find(Settings.CACHE).isEmpty()) {
      throw new RequestException(
          setting.option()
              + " belongs to "
              + Settings.CACHE.option()
              + ", and none was given; give that too, or leave it out");
    }
  }

  /** The numbers that a step cache of this model goes by. */
  static CacheNumbers cacheNumbers(Decisions d, CacheKind kind) {
    CacheNumbers numbers =
        d.find(Settings.CACHE_TABLE)
            .or(() -> PublishedCaches.find(kind, d.model().id()))
            .filter(found -> requireWholeRun(d, kind))
            .orElseThrow(
                () ->
                    new RequestException(
                        String.format(
                            "%s %s goes by a table, and there is none for %s; measure one with"
                                + " 'wanlet calibrate', or take %s %s, which needs none",
                            Settings.CACHE.option(),
                            kind.id(),
                            d.model().id(),
                            Settings.CACHE.option(),
                            CacheKind.EASY.id())));
    return d.find(Settings.CACHE_THRESHOLD).map(numbers::withThreshold).orElse(numbers);
  }

  /** Tables were measured on runs that begin with noise alone. */
  private static boolean requireWholeRun(Decisions d, CacheKind kind) {
    if (kind != CacheKind.EASY && d.find(Settings.STRENGTH).isPresent()) {
      throw new RequestException(
          String.format(
              "%s %s goes by a table of whole runs, and %s leaves the first steps out; take %s %s",
              Settings.CACHE.option(),
              kind.id(),
              Settings.STRENGTH.option(),
              Settings.CACHE.option(),
              CacheKind.EASY.id()));
    }
    return true;
  }

  RequestException needsExperts(String what) {
    return new RequestException(
        what + " was given, but " + model.name() + " has one transformer; leave it out");
  }

  RequestException takesNoPictures(String what) {
    if (model.transformer().variant().takesControl()) {
      return new RequestException(
          String.format(
              "%s was given, but %s takes pictures otherwise: %s for a picture to begin with, %s for"
                  + " one to refer to",
              what, model.name(), Settings.EXTEND.option(), Settings.REF_IMAGE.option()));
    }
    return new RequestException(
        what
            + " was given, but "
            + model.name()
            + " makes clips from a prompt alone; leave it out, make it over with "
            + Settings.STRENGTH.option()
            + ", or take a model for pictures: "
            + String.join(", ", pictureModels()));
  }

  private static List<String> pictureModels() {
    return ModelCatalog.standard().models().stream()
        .filter(m -> m.isRunnable() && m.transformer().variant().takesPictures())
        .map(ModelDefaults::id)
        .toList();
  }

  /** A model that begins with a picture does not begin without. */
  void pictures(PictureSettings given) {
    int least = model.transformer().variant().leastPictures();
    if (given.files().size() < least) {
      Setting<Path> missing = given.first().isEmpty() ? Settings.INIT_IMG : Settings.END_IMG;
      throw new RequestException(
          model.name()
              + (least == 1 ? " begins with a picture" : " begins and ends with a picture")
              + ", and none was given; name one with "
              + missing.option()
              + (least == 1 ? ", or take a model that makes clips from a prompt alone" : ""));
    }
  }

  /** A way to fit pictures is of use only where there is one. */
  void fit(Decisions d) {
    boolean control = model.transformer().variant().takesControl();
    boolean none =
        control
            ? d.find(Settings.CONTROL_VIDEO).or(() -> d.find(Settings.EXTEND)).isEmpty()
            : d.find(Settings.INIT_IMG).or(() -> d.find(Settings.INIT_VIDEO)).isEmpty();
    if (none) {
      throw new RequestException(
          "a way to fit pictures was given, but no "
              + (control ? "video" : "picture")
              + "; name one with "
              + (control ? Settings.CONTROL_VIDEO : Settings.INIT_IMG).option()
              + ", or leave "
              + Settings.FIT.option()
              + " out");
    }
  }

  void lastPicture(Decisions d) {
    if (model.transformer().variant().mostPictures() < 2) {
      throw new RequestException(
          "a picture to end with was given, but " + model.name() + " takes only one to begin with");
    }
    if (d.find(Settings.INIT_IMG).isEmpty()) {
      throw new RequestException(
          "a picture to end with was given, but none to begin with; name that with "
              + Settings.INIT_IMG.option());
    }
    if (d.get(Settings.FRAMES) == 1) {
      throw new RequestException(
          "a clip of one frame cannot end with another picture; leave "
              + Settings.END_IMG.option()
              + " out, or take at least "
              + (1 + model.vae().temporalStride())
              + " frames");
    }
  }

  static void maxResident(int blocks) {
    if (blocks < 0) {
      throw new RequestException(
          Settings.MAX_RESIDENT.option() + " " + blocks + "; expected 0 or more");
    }
  }

  /** What says how a video is encoded is of use for videos only. */
  static void encoding(SettingValues values, Path output) {
    if (FrameSinks.isVideo(output)) {
      return;
    }
    for (Setting<?> setting : List.of(Settings.CODEC, Settings.CRF, Settings.PIXEL_FORMAT)) {
      if (values.find(setting).isPresent()) {
        throw new RequestException(
            setting.option()
                + " says how a video is encoded, and "
                + output
                + " is none; leave it out, or name an .mp4 or .webm");
      }
    }
  }

  /** Some kinds of pictures hold one frame and no more. */
  static void still(int frames, Path output) {
    if (frames > 1 && FrameSinks.isStill(output)) {
      throw new OutputException(
          String.format(
              "%s: this kind of file holds one frame, and the clip has %d; take %s 1, or name an"
                  + " .mp4, .webm or .gif, or a .png, which becomes numbered pictures",
              output, frames, Settings.FRAMES.option()));
    }
  }

  static Path output(Path file) {
    if (file == null) {
      throw new OutputException("no output was given; name a file such as clip.mp4");
    }
    return file;
  }

  /** 5, not 5.0. */
  private static String number(double value) {
    return Double.isFinite(value)
        ? BigDecimal.valueOf(value).stripTrailingZeros().toPlainString()
        : Double.toString(value);
  }
}
