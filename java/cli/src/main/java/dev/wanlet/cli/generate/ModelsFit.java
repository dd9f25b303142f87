// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.cli.options.ModelFinder;
import dev.wanlet.ggml.Device;
import dev.wanlet.profiles.device.DeviceSpec;
import dev.wanlet.profiles.device.DeviceSpecs;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.catalog.OpenAdapters;
import dev.wanlet.wan.catalog.OpenModel;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.memory.Bytes;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.memory.MemoryBudget;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.memory.ModelFacts;
import dev.wanlet.wan.memory.RunPlan;
import dev.wanlet.wan.memory.RunPlanner;
import dev.wanlet.wan.memory.TransformerPlan;
import dev.wanlet.wan.pipeline.VideoPipeline;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What published models need for a clip of their usual length at 480p and 720p, as a Markdown
 * table. Planned from configurations alone, with the rules of the CPU's buffers. Immutable.
 *
 * @param recipe quantisation recipe of the transformers
 * @param hostBytes free host memory beside the card
 */
record ModelsFit(String recipe, long hostBytes) {
  /** Cards of any maker, by their memory. */
  private static final List<String> CARDS = List.of("6gb", "8gb", "12gb", "16gb");

  private static final List<FrameSize> SIZES =
      List.of(new FrameSize(832, 480), new FrameSize(1280, 720));

  /** Nothing fits in it, so a refusal says what would. */
  private static final MemoryBudget NOTHING = new MemoryBudget(0, Long.MAX_VALUE);

  /** All published models that can be planned. */
  static List<ModelDefaults> published() {
    return ModelCatalog.standard().models().stream()
        .filter(m -> !ModelCatalog.isDemo(m.id()) && m.vae().config().isPresent())
        .toList();
  }

  /**
   * The table; models that need the same share a row.
   *
   * @throws IOException if a model cannot be planned with
   */
  List<String> rows(List<ModelDefaults> models) throws IOException {
    List<String> lines = new ArrayList<>();
    StringBuilder head = new StringBuilder("| model | clip | least device memory |");
    for (String card : CARDS) {
      DeviceSpec spec = DeviceSpecs.standard().require(card);
      head.append(
          String.format(
              " card of %s (%s for a run) |",
              spec.id().toUpperCase(Locale.ROOT).replace("GB", " GB"),
              ByteSize.format(spec.usableBytes())));
    }
    lines.add(head + " host memory |");
    lines.add("|---|---|---|" + "---|".repeat(CARDS.size() + 1));
    Map<String, List<String>> same = new LinkedHashMap<>();
    for (ModelDefaults model : models) {
      for (String needs : needs(model)) {
        same.computeIfAbsent(needs, n -> new ArrayList<>()).add(model.id());
      }
    }
    same.forEach((needs, ids) -> lines.add("| " + String.join(", ", ids) + " " + needs));
    return lines;
  }

  private List<String> needs(ModelDefaults model) throws IOException {
    List<String> rows = new ArrayList<>();
    ModelSelection selection = ModelSelection.none().withModel(model.id());
    try (OpenModel open =
            OpenModel.toPlan(
                selection, Optional.of(recipe), ModelCatalog.standard(), ModelFinder.resolver());
        OpenAdapters none = OpenAdapters.open(List.of(), open)) {
      ComputeSettings settings = ComputeSettings.AUTO;
      ModelFacts facts =
          ModelFacts.of(
              open,
              none,
              Device.cpu(),
              settings.threadCount(),
              DeviceRates.assumed(Device.cpu()),
              settings.precision());
      RunPlanner planner = VideoPipeline.planner(facts);
      for (FrameSize size : sizes(model)) {
        rows.add(row(planner, open, size));
      }
    }
    return rows;
  }

  /** 480p and 720p in whole tokens: the nearest below. */
  private static List<FrameSize> sizes(ModelDefaults model) {
    int multiple = model.sizeMultiple();
    return SIZES.stream()
        .map(s -> new FrameSize(s.width() / multiple * multiple, s.height() / multiple * multiple))
        .toList();
  }

  private String row(RunPlanner planner, OpenModel open, FrameSize size) {
    ModelDefaults model = open.defaults();
    RunPlanner.Job job =
        GenerationRequest.builder()
            .set(Settings.SIZE, size.toString())
            .toPlan(model, prompt -> Machine.countTokens(open, prompt));
    StringBuilder row = new StringBuilder(String.format("| %s, %d frames | ", size, job.frames()));
    row.append(Bytes.needed(least(planner, job)));
    TreeSet<Long> host = new TreeSet<>();
    for (String card : CARDS) {
      row.append(" | ").append(cell(planner, job, DeviceSpecs.standard().require(card), host));
    }
    return row.append(" | ")
        .append(host.isEmpty() ? "-" : Bytes.needed(host.last()))
        .append(" |")
        .toString();
  }

  private static long least(RunPlanner planner, RunPlanner.Job job) {
    try {
      return planner.plan(job, NOTHING).peakDeviceBytes();
    } catch (MemoryBudgetException e) {
      return e.neededBytes();
    }
  }

  private String cell(RunPlanner planner, RunPlanner.Job job, DeviceSpec card, TreeSet<Long> host) {
    try {
      RunPlan plan = planner.plan(job, card.budget(hostBytes));
      host.add(plan.hostBytes());
      TransformerPlan t = plan.transformer();
      int blocks = t.placement().blocks();
      return t.uploadBytesPerStep() == 0
          ? "all " + blocks + " blocks stay"
          : String.format(
              "%d of %d stay, %s a step",
              t.placement().resident(), blocks, Bytes.text(t.uploadBytesPerStep()));
    } catch (MemoryBudgetException e) {
      return "needs " + Bytes.needed(e.neededBytes());
    }
  }
}
