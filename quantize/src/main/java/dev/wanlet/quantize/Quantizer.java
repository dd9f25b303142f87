// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.quantize;

import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.Checkpoint;
import dev.wanlet.weights.checkpoint.CheckpointKind;
import dev.wanlet.weights.checkpoint.Umt5Names;
import dev.wanlet.weights.checkpoint.WeightFormat;
import dev.wanlet.weights.gguf.GgufFile;
import dev.wanlet.weights.gguf.GgufValue;
import dev.wanlet.weights.lora.AdapterFile;
import dev.wanlet.weights.lora.LoraAdapter;
import dev.wanlet.weights.lora.LoraMatch;
import dev.wanlet.weights.write.GgufWriter;
import dev.wanlet.weights.write.SafetensorsWriter;
import dev.wanlet.weights.write.WeightWriter;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;

/**
 * Converts a checkpoint. The output is written beside its place and renamed when it is whole; a run
 * that fails or is stopped leaves nothing. Owner of the open files; confined to one thread.
 */
public final class Quantizer implements AutoCloseable {
  private static final String EMBEDDING = "token_embedding.weight";

  private final QuantizeRequest request;
  private final QuantizeListener listener;
  private final Checkpoint checkpoint;
  private final List<LoraAdapter> adapters = new ArrayList<>();
  private LoraMerge merge;
  private Importance importance;
  private Map<String, GgufValue> tokenizer = Map.of();
  private List<TensorPlan> plans;

  private Quantizer(QuantizeRequest request, QuantizeListener listener) throws IOException {
    this.request = request;
    this.listener = listener;
    this.checkpoint = Checkpoint.open(request.input());
    try {
      prepare();
    } catch (Throwable e) {
      close();
      throw e;
    }
  }

  /**
   * Opens all inputs, matches adapters and gives each tensor its type.
   *
   * @throws WeightFormatException if an input is damaged or not what it should be
   * @throws IllegalArgumentException if rules or targets do not fit the checkpoint
   * @throws IOException if a file cannot be read
   */
  public static Quantizer open(QuantizeRequest request, QuantizeListener listener)
      throws IOException {
    return new Quantizer(request, listener);
  }

  private void prepare() throws IOException {
    CheckpointKind kind = checkpoint.kind();
    if (kind == CheckpointKind.LORA) {
      throw new WeightFormatException(
          request.input(),
          "a LoRA adapter; give the model it is for, and this file as its adapter");
    }
    checkpoint.requireWhole();
    for (Path file : checkpoint.source().files()) {
      checkOutput(file);
    }
    for (AdapterFile lora : request.loras()) {
      checkOutput(lora.file());
      adapters.add(LoraAdapter.open(lora));
    }
    merge = LoraMerge.of(checkpoint.source(), adapters);
    if (request.importance().isPresent()) {
      checkOutput(request.importance().get());
      importance = Importance.read(request.importance().get());
    }
    TypeSelector selector = new TypeSelector(request.recipe(), request.overrides());
    plans = selector.plan(checkpoint);
    if (plans.isEmpty()) {
      throw new WeightFormatException(request.input(), "it holds no weights");
    }
    if (kind == CheckpointKind.TEXT_ENCODER && !request.writesSafetensors()) {
      tokenizer = findTokenizer();
    }
    warn();
    if (request.hasTarget()) {
      plans = new TargetTypes(request, new ModelExtras(), listener).choose(plans, overhead());
    }
    if (request.writesSafetensors()) {
      checkPlain();
    }
  }

  private void checkOutput(Path input) throws IOException {
    boolean same = Files.exists(request.output()) && Files.isSameFile(input, request.output());
    if (same) {
      throw new IllegalArgumentException(
          "the output is the input " + input + "; give another name");
    }
  }

  private void checkPlain() {
    for (TensorPlan plan : plans) {
      if (plan.type().isQuantized()) {
        throw new IllegalArgumentException(
            "safetensors has no type "
                + plan.type()
                + "; give a name ending in .gguf, or the type F32, F16 or BF16");
      }
    }
  }

  private void warn() {
    checkpoint.notes().forEach(listener::warning);
    if (!checkpoint.others().isEmpty()) {
      listener.warning(
          String.format(
              "only the %s is converted; the file also holds a %s",
              checkpoint.kind().title(),
              checkpoint.others().stream()
                  .map(CheckpointKind::title)
                  .collect(Collectors.joining(" and a "))));
    }
    long quantized =
        checkpoint.source().tensors().stream().filter(t -> t.type().isQuantized()).count();
    if (quantized > 0 && plans.stream().anyMatch(p -> p.type().isQuantized())) {
      listener.warning(
          String.format(
              "%d tensors of the source are quantised already; quantising them again loses more"
                  + " than starting from the original",
              quantized));
    }
    boolean wordless =
        checkpoint.kind() == CheckpointKind.TEXT_ENCODER
            && !request.writesSafetensors()
            && tokenizer.isEmpty();
    if (wordless) {
      listener.warning(
          "no tokenizer (spiece.model) beside the checkpoint; the file is written"
              + " without a vocabulary, so programs need it from elsewhere");
    }
    for (LoraMatch lora : merge.matches()) {
      if (!lora.leftOut().isEmpty() || !lora.notes().isEmpty()) {
        listener.warning(lora.summary());
      }
    }
  }

  /** The size of the file without tensor data, exactly. */
  private long overhead() throws IOException {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    plans.forEach(plan -> shapes.put(outputName(plan), plan.shape()));
    return request.writesSafetensors()
        ? 0 // has no quantised types, so nothing to choose
        : GgufWriter.headerBytes(GgufMetadata.of(request, checkpoint, plans, tokenizer), shapes);
  }

  public Checkpoint checkpoint() {
    return checkpoint;
  }

  /** The types of all tensors, in file order. */
  public List<TensorPlan> plans() {
    return plans;
  }

  /** What a run would give, with errors measured on samples. Writes nothing. */
  public QuantizeReport dryRun() throws IOException {
    long start = System.nanoTime();
    List<ErrorStatistics> errors =
        new TargetTypes(request, new ModelExtras(), listener).measure(plans);
    List<TensorReport> reports = new ArrayList<>();
    for (int i = 0; i < plans.size(); i++) {
      reports.add(TensorReport.of(plans.get(i), errors.get(i)));
    }
    long bytes = overhead() + plans.stream().mapToLong(p -> GgufMetadata.padded(p.bytes())).sum();
    return report(false, bytes, reports, 0, start);
  }

  /**
   * Converts and writes.
   *
   * @throws java.util.concurrent.CancellationException if the listener stopped it
   * @throws WeightFormatException if a tensor holds infinities or NaN, or would in its new type
   * @throws dev.wanlet.files.WriteException if the output cannot be written, or the disk is full
   * @throws IOException if an input cannot be read
   */
  public QuantizeReport run() throws IOException {
    long start = System.nanoTime();
    try (SourceHash hash = new SourceHash(checkpoint.source().files());
        Conversion conversion = new Conversion(request.threads(), listener);
        WeightWriter writer = writer()) {
      for (TensorPlan plan : plans) {
        writer.declare(outputName(plan), StoredType.of(plan.type()), plan.shape());
      }
      long fileBytes = writer.fileBytes();
      List<TensorReport> reports =
          conversion.run(
              plans,
              new ModelExtras(),
              (plan, address, bytes) -> writer.append(outputName(plan), address, bytes));
      List<String> hashes = hash.get();
      if (writer instanceof GgufWriter gguf) {
        GgufMetadata.complete(gguf, hashes, reports);
      }
      writer.commit();
      return report(true, fileBytes, reports, conversion.nativeBytes(), start);
    } catch (ClosedByInterruptException e) {
      CancellationException stopped = new CancellationException("interrupted; nothing was written");
      stopped.initCause(e);
      throw stopped;
    }
  }

  private WeightWriter writer() throws IOException {
    if (request.writesSafetensors()) {
      SafetensorsWriter writer = SafetensorsWriter.create(request.output());
      writer.put("format", "pt");
      writer.put("wanlet.version", request.program());
      writer.put("wanlet.recipe", GgufMetadata.recipe(request));
      return writer;
    }
    GgufWriter writer = GgufWriter.create(request.output());
    GgufMetadata.of(request, checkpoint, plans, tokenizer).forEach(writer::put);
    return writer;
  }

  /** From the source itself if it carries one, else from beside it. */
  private Map<String, GgufValue> findTokenizer() throws IOException {
    Path file = checkpoint.source().files().get(0);
    if (WeightFormat.detect(file) == WeightFormat.GGUF) {
      Map<String, GgufValue> values = new LinkedHashMap<>();
      try (GgufFile gguf = GgufFile.open(file)) {
        gguf.values()
            .forEach(
                (key, value) -> {
                  if (key.startsWith("tokenizer.")) {
                    values.put(key, value.copy());
                  }
                });
      }
      if (!values.isEmpty()) {
        return values;
      }
    }
    int rows = Math.toIntExact(checkpoint.source().require(EMBEDDING).shape().dim(0));
    WeightTensor embedded = checkpoint.source().find("spiece_model").orElse(null);
    for (TokenizerProvider provider : ServiceLoader.load(TokenizerProvider.class)) {
      if (embedded != null) {
        byte[] bytes = new byte[Math.toIntExact(embedded.byteLength())];
        embedded.buffer().get(bytes);
        return provider.read(bytes, file, rows);
      }
      Map<String, GgufValue> found = provider.find(request.input(), rows);
      if (!found.isEmpty()) {
        return found;
      }
    }
    return Map.of();
  }

  /**
   * Text encoders have llama.cpp's names in GGUF, as ComfyUI-GGUF wants; all else official ones.
   */
  private String outputName(TensorPlan plan) {
    return checkpoint.kind() == CheckpointKind.TEXT_ENCODER && !request.writesSafetensors()
        ? Umt5Names.llamaCpp(plan.name())
        : plan.name();
  }

  private QuantizeReport report(
      boolean written, long bytes, List<TensorReport> reports, long nativeBytes, long start) {
    return new QuantizeReport(
        checkpoint.kind(),
        checkpoint.layout(),
        GgufMetadata.recipe(request),
        written,
        plans.stream().mapToLong(p -> p.source().byteLength()).sum(),
        bytes,
        reports,
        reports(merge),
        (System.nanoTime() - start) / 1e9,
        nativeBytes,
        ProcessMemory.peakResidentBytes());
  }

  private static List<QuantizeReport.Lora> reports(LoraMerge merge) {
    return merge.matches().stream().map(QuantizeReport.Lora::of).toList();
  }

  @Override
  public void close() {
    adapters.forEach(LoraAdapter::close);
    checkpoint.close();
  }

  /** Adapters and importance, by official name and, for importance, by llama.cpp's. */
  private final class ModelExtras implements Conversion.Extras {
    @Override
    public List<TensorPatch> patches(TensorPlan plan) {
      return merge.patches(plan.name());
    }

    @Override
    public float[] importance(TensorPlan plan) throws IOException {
      if (importance == null || plan.shape().rank() != 2) {
        return null;
      }
      long columns = plan.shape().columns();
      float[] found = importance.find(plan.name(), columns).orElse(null);
      return found != null || checkpoint.kind() != CheckpointKind.TEXT_ENCODER
          ? found
          : importance.find(Umt5Names.llamaCpp(plan.name()), columns).orElse(null);
    }
  }
}
