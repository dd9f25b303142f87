// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.wan.catalog.ModelDefaults.VaeNumbers;
import dev.wanlet.wan.catalog.OpenAdapters;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.catalog.TaeFile;
import dev.wanlet.wan.model.clip.ClipConfig;
import dev.wanlet.wan.model.transformer.BlockChanges;
import dev.wanlet.wan.model.transformer.TokenGrid;
import dev.wanlet.wan.model.transformer.WanCondition;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.transformer.WanRun;
import dev.wanlet.wan.model.transformer.WanTransformer;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.vae.VaeConfig;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightUpload;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What planning knows of a model and of the device it will run on. Immutable.
 *
 * @param threads of a CPU device
 * @param transformer configuration of the transformer, or of each of two experts
 * @param transformerTypes types of each transformer that takes part, adapters included
 * @param adapterCopies host memory that one weight of an adapter takes on its way to the device
 * @param text configuration of the text encoder
 * @param textTypes its types
 * @param vision the CLIP image encoder; empty for a model that needs none
 * @param latents how latents relate to pixels and frames
 * @param vae configuration of the VAE; empty for one that this version cannot run
 * @param tae the small decoder that stands in for the VAE; empty where the VAE decodes
 * @param measured what graphs of the transformer were found to take, so that each is measured once
 */
public record ModelFacts(
    Device device,
    int threads,
    DeviceRates rates,
    WanConfig transformer,
    List<TypePolicy> transformerTypes,
    long adapterCopies,
    Umt5Config text,
    TypePolicy textTypes,
    Optional<Vision> vision,
    VaeNumbers latents,
    Optional<VaeConfig> vae,
    Optional<TaeFile> tae,
    Map<WanRun, WanTransformer.Memory> measured) {
  /** Contexts, the embedded tokens they are made from, and the copy on its way to the device. */
  private static final int COPIES_OF_CONTEXT = 3;

  /** Configuration and types of a CLIP image encoder. */
  public record Vision(ClipConfig config, TypePolicy types) {}

  public ModelFacts {
    transformerTypes = List.copyOf(transformerTypes);
  }

  /** What planning needs of an open model without adapters; throws as the other form does. */
  public static ModelFacts of(
      OpenModel model, Device device, int threads, DeviceRates rates, Precision precision) {
    return of(model, OpenAdapters.NONE, device, threads, rates, precision);
  }

  /**
   * As {@link #of(OpenModel, OpenAdapters, Device, int, DeviceRates, Precision)}, with the rates
   * that a source has for the model's own types and files.
   */
  public static ModelFacts of(
      OpenModel model,
      OpenAdapters adapters,
      Device device,
      int threads,
      DeviceRates.Source rates,
      Precision precision) {
    ModelFacts facts = of(model, adapters, device, threads, DeviceRates.assumed(device), precision);
    List<Path> files = model.transformers().stream().flatMap(t -> t.files().stream()).toList();
    return facts.withRates(rates.of(device, threads, facts.weightTypes(), files));
  }

  /**
   * What planning needs of an open model and its adapters; valid while they are open.
   *
   * @throws RequestException if the model's recipe has no such name
   */
  public static ModelFacts of(
      OpenModel model,
      OpenAdapters adapters,
      Device device,
      int threads,
      DeviceRates rates,
      Precision precision) {
    return new ModelFacts(
        device,
        threads,
        rates,
        model.transformerConfig(),
        adapters.types(model.transformerTypes(precision, device), precision, device),
        adapters.convertedBytes(precision, device),
        model.textConfig(),
        model.textTypes(precision, device),
        model
            .imageEncoderConfig()
            .map(c -> new Vision(c, model.imageEncoderTypes(precision, device))),
        model.defaults().vae(),
        model.vaeConfig(),
        Optional.empty(),
        new ConcurrentHashMap<>());
  }

  /** The types of the weights that the transformer makes its products with. */
  public Set<TensorType> weightTypes() {
    return new TransformerPlanner(transformer, transformerTypes, device, threads, rates)
        .weightTypes();
  }

  /** The same model on the same device, if that were faster or slower. */
  public ModelFacts withRates(DeviceRates other) {
    return new ModelFacts(
        device,
        threads,
        other,
        transformer,
        transformerTypes,
        adapterCopies,
        text,
        textTypes,
        vision,
        latents,
        vae,
        tae,
        measured);
  }

  /** The same model with a small decoder in the place of its VAE's. */
  public ModelFacts withTae(TaeFile decoder) {
    return new ModelFacts(
        device,
        threads,
        rates,
        transformer,
        transformerTypes,
        adapterCopies,
        text,
        textTypes,
        vision,
        latents,
        vae,
        Optional.of(decoder),
        measured);
  }

  /** The tokens of a clip, those of pictures to refer to in front. */
  public TokenGrid grid(RunPlanner.Job job) {
    int stride = latents.spatialStride();
    return TokenGrid.ofLatents(
        job.inputs().references() + (job.frames() - 1) / latents.temporalStride() + 1,
        job.size().height() / stride,
        job.size().width() / stride);
  }

  /** Bytes of a clip's latents in F32. */
  public long latentBytes(RunPlanner.Job job) {
    return 4L * transformer.outChannels() * grid(job).tokens() * WanConfig.PATCH_AREA;
  }

  /** Channels that the control branch is shown. */
  int controlChannels() {
    return transformer.controlBlocks() > 0 ? WanCondition.Control.CHANNELS : 0;
  }

  /** Bytes of what the transformer sees of a clip's pictures and control video. */
  public long conditionBytes(RunPlanner.Job job) {
    int channels = transformer.inChannels() - transformer.outChannels() + controlChannels();
    long features = (long) transformer.imageTokens() * transformer.imageDim();
    return 4L * (channels * (long) grid(job).tokens() * WanConfig.PATCH_AREA + features);
  }

  /** Host memory for what a step cache keeps of the blocks' work. */
  public long keptBlocksBytes(RunPlanner.Job job) {
    return job.passes().cache().keepsBlocks()
        ? BlockChanges.bytes(transformer, grid(job), job.passes().most())
        : 0;
  }

  /** Java heap for the contexts of all prompts. */
  long contextHeap(RunPlanner.Job job) {
    long tokens = job.tokens().stream().mapToLong(Integer::longValue).sum();
    return COPIES_OF_CONTEXT * 4L * text.dim() * tokens;
  }

  /** The loader's memory, which weights pass on their way from the file. */
  long ringBytes() {
    return WeightUpload.bytes(device);
  }

  /** The largest weight that may pass through memory because it changes its type on the way. */
  long convertedBytes(long elements, Precision precision) {
    if (precision == Precision.F32) {
      return Float.BYTES * elements;
    }
    // Graphics cards take F16 weights as BF16; a CPU computes with what files hold.
    return device.isCpu() ? 0 : Short.BYTES * elements;
  }
}
