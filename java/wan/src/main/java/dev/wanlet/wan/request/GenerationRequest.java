// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.write.Encoding;
import dev.wanlet.wan.media.write.FrameSinks;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.sampling.SamplingMethod;
import dev.wanlet.weights.lora.AdapterFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongFunction;
import java.util.function.ToIntFunction;

/**
 * One clip to make, every setting decided and checked:
 *
 * <pre>{@code
 * GenerationRequest request =
 *     GenerationRequest.builder()
 *         .prompt("a red fox in fresh snow")
 *         .size(832, 480)
 *         .steps(20)
 *         .output(Path.of("fox.mp4"))
 *         .build(pipeline.model());
 * }</pre>
 *
 * <p>Immutable.
 */
public final class GenerationRequest {
  private final SettingTable table;
  private final SettingValues values;
  private final ClipSpec clip;
  private final SamplingSettings sampling;
  private final PictureSettings pictures;
  private final ControlSettings control;
  private final ComputeSettings compute;
  private final Path output;

  private GenerationRequest(
      SettingTable table,
      SettingValues values,
      ClipSpec clip,
      SamplingSettings sampling,
      PictureSettings pictures,
      ControlSettings control,
      ComputeSettings compute,
      Path output) {
    this.table = table;
    this.values = values;
    this.clip = clip;
    this.sampling = sampling;
    this.pictures = pictures;
    this.control = control;
    this.compute = compute;
    this.output = output;
  }

  /** Starts from a model's defaults. Only prompt and output must be set. */
  public static Builder builder() {
    return new Builder(Settings.TABLE);
  }

  /** What to make. */
  public ClipSpec clip() {
    return clip;
  }

  /** How noise becomes the clip. */
  public SamplingSettings sampling() {
    return sampling;
  }

  /** What it begins and ends with. */
  public PictureSettings pictures() {
    return pictures;
  }

  /** What its control branch is shown, of a model that has one. */
  public ControlSettings control() {
    return control;
  }

  /** Where to compute, and with how much memory. */
  public ComputeSettings compute() {
    return compute;
  }

  /** Where the clip goes; its extension chooses the format. */
  public Path output() {
    return output;
  }

  /** The value of any setting, those of the parts above among them; empty if it has none. */
  public <T> Optional<T> find(Setting<T> setting) {
    return values.find(setting);
  }

  /** Adapters in the order in which they are added; often none. */
  public List<AdapterFile> adapters() {
    return find(Settings.LORA).map(AdapterList::files).orElse(List.of());
  }

  /** The small decoder that makes the clip's frames; empty where the VAE makes them. */
  public Optional<Path> smallDecoder() {
    return find(Settings.DECODER).flatMap(decoder -> find(Settings.TAE));
  }

  /** How the output is encoded, if it is a video. */
  public Encoding encoding() {
    return values.encoding();
  }

  /** Most transformer blocks that may stay on the device. */
  public int maxResident() {
    return maxResident(find(Settings.MAX_RESIDENT));
  }

  private static int maxResident(Optional<Integer> given) {
    return given.orElse(Integer.MAX_VALUE);
  }

  SettingTable table() {
    return table;
  }

  /** Collects what the user asked for. Confined to one thread. */
  public static final class Builder {
    private final SettingTable table;
    private SettingValues given = SettingValues.NONE;
    private LongFunction<Path> output = seed -> null;

    Builder(SettingTable table) {
      this.table = table;
    }

    /** Any setting; null leaves it to the model. Ranges are checked by {@link #build}. */
    public <T> Builder set(Setting<T> setting, T value) {
      given = given.with(setting, value);
      return this;
    }

    /** Several settings at once. */
    public Builder set(SettingValues values) {
      given = given.with(values);
      return this;
    }

    /** What the clip shows; not blank. */
    public Builder prompt(String text) {
      return set(Settings.PROMPT, text);
    }

    /** Null leaves the model's own; an empty text leads away from nothing in particular. */
    public Builder negativePrompt(String text) {
      return set(Settings.NEGATIVE_PROMPT, text);
    }

    /** 0 or above; {@link Settings#RANDOM_SEED}, which is also the default, draws one. */
    public Builder seed(long value) {
      return set(Settings.SEED, value);
    }

    /** In pixels; both are multiples of {@link ModelDefaults#sizeMultiple()}. */
    public Builder size(int width, int height) {
      return set(Settings.WIDTH, width).set(Settings.HEIGHT, height);
    }

    /** Length of the clip, 4n+1. */
    public Builder frames(int count) {
      return set(Settings.FRAMES, count);
    }

    /** Of the file, above 0. */
    public Builder fps(double framesPerSecond) {
      return set(Settings.FPS, framesPerSecond);
    }

    /** The solver. */
    public Builder method(SamplingMethod value) {
      return set(Settings.METHOD, value);
    }

    /** Sampling steps, 1 to 1000. */
    public Builder steps(int count) {
      return set(Settings.STEPS, count);
    }

    /** Above 0. */
    public Builder flowShift(double value) {
      return set(Settings.FLOW_SHIFT, value);
    }

    /** 0 to 1000; 1 switches guidance off. */
    public Builder guidanceScale(double value) {
      return set(Settings.GUIDANCE_SCALE, value);
    }

    /** The picture that the clip begins with; for models that take one. */
    public Builder picture(Path first) {
      return set(Settings.INIT_IMG, first);
    }

    /** Adapters that are added to the transformer while it runs. */
    public Builder adapters(AdapterFile... files) {
      return set(Settings.LORA, files.length == 0 ? null : AdapterList.of(files));
    }

    /** Where to compute, how exactly, and with how much memory. */
    public Builder compute(ComputeSettings value) {
      return set(Settings.DEVICE, value.device())
          .set(Settings.THREADS, value.threads().isPresent() ? value.threads().getAsInt() : null)
          .set(Settings.VRAM, size(value.deviceBudgetBytes()))
          .set(Settings.RAM, size(value.hostBudgetBytes()))
          .set(Settings.PRECISION, value.precision());
    }

    private static ByteSize size(OptionalLong bytes) {
      return bytes.isPresent() ? new ByteSize(bytes.getAsLong()) : null;
    }

    /** A file whose extension chooses the format: mp4, webm, gif, png, or jpg or webp for one. */
    public Builder output(Path file) {
      return outputBySeed(seed -> file);
    }

    /** Names the output after the seed, which may have been drawn. */
    public Builder outputBySeed(LongFunction<Path> file) {
      output = file;
      return this;
    }

    /**
     * Fills in the model's defaults and checks everything.
     *
     * @throws RequestException if a setting cannot be
     * @throws java.io.UncheckedIOException if the header of a picture cannot be read
     * @throws dev.wanlet.wan.media.OutputException if the output cannot be written
     */
    public GenerationRequest build(ModelDefaults model) {
      ComputeSettings compute = given.compute();
      Decisions decisions = new Decisions(model, given);
      PictureSettings pictures = PictureSettings.of(decisions);
      decisions.rules().pictures(pictures);
      ClipSpec clip = ClipSpec.of(decisions);
      SamplingSettings sampling = SamplingSettings.of(decisions);
      ControlSettings control = ControlSettings.of(decisions);
      SettingValues all = decisions.all(table);
      Path file = RequestRules.output(output.apply(clip.seed()));
      RequestRules.encoding(all, file);
      RequestRules.still(clip.frames(), file);
      FrameSinks.checkWritable(
          file, clip.size().width(), clip.size().height(), clip.fps(), all.encoding());
      FrameSinks.checkNames(file, clip.frames());
      return new GenerationRequest(table, all, clip, sampling, pictures, control, compute, file);
    }

    /**
     * What the user gave that has no effect, a line each; to be told before the clip is made.
     *
     * @throws RequestException if a setting cannot be
     */
    public List<String> notes(ModelDefaults model) {
      return RequestNotes.of(new Decisions(model, given));
    }

    /**
     * What planning asks of the clip; neither prompt nor output need be set.
     *
     * @param tokens counts a prompt's tokens; a missing prompt is taken to be as long as can be
     * @throws RequestException if a setting cannot be
     */
    public RunPlanner.Job toPlan(ModelDefaults model, ToIntFunction<String> tokens) {
      Decisions d = new Decisions(model, given);
      FrameSize size = ClipSpec.sizeOf(d);
      SamplingSettings sampling = SamplingSettings.of(d);
      ControlSettings control = ControlSettings.of(d);
      d.find(Settings.DECODER); // refused without the file that it needs
      boolean known = d.given(Settings.PROMPT).isPresent();
      List<Integer> counts = new ArrayList<>();
      counts.add(known ? tokens.applyAsInt(d.get(Settings.PROMPT)) : WanConfig.TEXT_LENGTH);
      if (sampling.needsNegativePrompt()) {
        counts.add(
            known ? tokens.applyAsInt(d.get(Settings.NEGATIVE_PROMPT)) : WanConfig.TEXT_LENGTH);
      }
      return new RunPlanner.Job(
          size,
          d.get(Settings.FRAMES),
          sampling.steps(),
          counts,
          d.get(Settings.PRECISION),
          maxResident(d.find(Settings.MAX_RESIDENT)),
          sampling.passes(),
          new RunPlanner.Inputs(
              pictureBytes(d, size) + control.hostBytes(size),
              PictureSettings.of(d).start(),
              control.references().size()));
    }

    private static long pictureBytes(Decisions d, FrameSize size) {
      PictureSettings pictures = PictureSettings.of(d);
      return pictures.files().isEmpty()
          ? PictureSettings.assumedHostBytes(
              size, d.model().transformer().variant().leastPictures())
          : pictures.hostBytes(size);
    }
  }
}
