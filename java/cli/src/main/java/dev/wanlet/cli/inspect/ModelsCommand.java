// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.inspect;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.Table;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.cli.fetch.ModelsGetCommand;
import dev.wanlet.cli.fetch.PublishedSize;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.PublishedFile;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code wanlet models}: the models Wanlet knows. Confined to one thread. */
@Command(
    name = "models",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    subcommands = ModelsGetCommand.class,
    description = "List the models Wanlet knows, their settings, and where their files go.",
    commandListHeading = "%nCommands:%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet models",
      "  wanlet models wan2.2-ti2v-5b",
      "  wanlet models --json",
      "  wanlet models get wan2.2-ti2v-5b --to wan-5b"
    })
public final class ModelsCommand implements Callable<Integer> {
  private static final String FOLDERS =
      """

      A model is a folder, wherever it lies: as its authors publish it, as Comfy-Org or diffusers do,
      or files of any name side by side. They are recognised by their content (safetensors, GGUF,
      PyTorch). 'wanlet models get ID' fetches one set of them, as a browser or 'hf download' does. Then:
        wanlet generate --model FOLDER --prompt ...
      or single files:
        wanlet generate --diffusion-model wan2.1_t2v_1.3B_fp16.safetensors --vae wan_2.1_vae.safetensors \\
            --text-encoder umt5_xxl_fp8_e4m3fn_scaled.safetensors --prompt ...
      GGUF files of others work too, and 'wanlet quantize' makes smaller ones.
      """;

  @Spec private CommandSpec spec;

  @Parameters(arity = "0..1", paramLabel = "ID", description = "Tell all about one model.")
  private String id;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    ModelCatalog catalog = ModelCatalog.standard();
    PrintWriter out = spec.commandLine().getOut();
    List<ModelDefaults> models = id == null ? catalog.models() : List.of(catalog.require(id));
    if (json) {
      out.println(Json.text(Map.of("models", models.stream().map(ModelsCommand::facts).toList())));
    } else if (id != null) {
      Table table = new Table();
      Map<String, Object> facts = facts(models.get(0));
      facts.remove("files");
      facts.forEach((key, value) -> table.row(key.replace('_', ' '), text(value)));
      for (PublishedFile f : models.get(0).files()) {
        table.row(
            f.part().title(), f.path() + ", " + PublishedSize.text(f) + ", " + f.repository());
        f.sha256().ifPresent(sum -> table.row("", "SHA-256 " + sum));
      }
      catalog
          .ggufRepository(models.get(0))
          .ifPresent(r -> table.row("GGUF files", r + ", in many types"));
      out.print(table.render(""));
    } else {
      printLists(out, models);
    }
    out.flush();
    return ExitCode.OK;
  }

  private static void printLists(PrintWriter out, List<ModelDefaults> models) {
    Table runnable = new Table().row("ID", "WHAT", "SIZE", "FRAMES", "STEPS", "PUBLISHED AS");
    for (ModelDefaults m : models) {
      runnable.row(
          m.id(),
          m.title(),
          m.size().toString(),
          Integer.toString(m.frames()),
          Integer.toString(m.steps()),
          m.source());
    }
    out.print(runnable.render(""));
    out.println();
    printFiles(out, models);
    out.print(FOLDERS);
  }

  private static void printFiles(PrintWriter out, List<ModelDefaults> models) {
    Table transformers = new Table().row("ID", "PART", "SIZE", "REPOSITORY", "FILE");
    Table others = new Table();
    Table gguf = new Table();
    Map<PublishedFile, List<String>> shared = new LinkedHashMap<>();
    List<String> ids = new ArrayList<>();
    for (ModelDefaults m : models) {
      ModelCatalog.standard().ggufRepository(m).ifPresent(r -> gguf.row(m.id(), r));
      if (!m.files().isEmpty()) {
        ids.add(m.id());
      }
      for (PublishedFile f : m.files()) {
        if (f.part() == ModelPart.TRANSFORMER || f.part() == ModelPart.HIGH_NOISE_TRANSFORMER) {
          transformers.row(
              m.id(), f.part().title(), PublishedSize.text(f), f.repository(), f.path());
        } else {
          shared.computeIfAbsent(f, file -> new ArrayList<>()).add(m.id());
        }
      }
    }
    shared.forEach(
        (f, users) ->
            others.row(
                f.part().title(),
                PublishedSize.text(f),
                f.repository(),
                f.path(),
                "for " + users(users, ids)));
    out.println("What to fetch from the Hugging Face hub:");
    out.print(transformers.render("  "));
    out.println("and beside it");
    out.print(others.render("  "));
    out.println();
    out.println("Transformers in smaller types, as GGUF files:");
    out.print(gguf.render("  "));
  }

  /** Who shares a file: all, all but few, or their ids. */
  private static String users(List<String> users, List<String> all) {
    if (users.size() == all.size()) {
      return "all";
    }
    return 2 * users.size() > all.size()
        ? "all but " + String.join(", ", all.stream().filter(id -> !users.contains(id)).toList())
        : String.join(", ", users);
  }

  private static String text(Object value) {
    if (value instanceof List<?> items) {
      return String.join(", ", items.stream().map(String::valueOf).toList());
    }
    return value instanceof Double d && d == Math.rint(d)
        ? Long.toString(d.longValue())
        : String.valueOf(value);
  }

  private static Map<String, Object> facts(PublishedFile file) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("repository", file.repository());
    file.revision().ifPresent(r -> facts.put("revision", r));
    facts.put("path", file.path());
    facts.put("part", file.part().setting().replace('-', '_'));
    file.bytes().ifPresent(bytes -> facts.put("bytes", bytes));
    file.gigabytes().ifPresent(gb -> facts.put("gigabytes", gb));
    file.sha256().ifPresent(sum -> facts.put("sha256", sum));
    return facts;
  }

  /** What {@code --json} prints of a model. */
  static Map<String, Object> facts(ModelDefaults m) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("id", m.id());
    facts.put("title", m.title());
    facts.put("source", m.source());
    facts.put("runs", m.isRunnable());
    facts.put("files", m.files().stream().map(ModelsCommand::facts).toList());
    facts.put("variant", m.transformer().variant().name());
    facts.put("experts", m.experts());
    facts.put("dim", m.transformer().dim());
    facts.put("layers", m.transformer().layers());
    facts.put("latent_channels", m.vae().latentChannels());
    facts.put("text_dim", m.transformer().textDim());
    facts.put("sizes", m.sizes().stream().map(FrameSize::toString).toList());
    facts.put("size_multiple", m.sizeMultiple());
    facts.put("frames", m.frames());
    facts.put("fps", m.fps());
    facts.put("steps", m.steps());
    facts.put("sampling_method", m.sampler().id());
    facts.put("flow_shift", m.flowShift(m.size()));
    facts.put("guidance_scale", m.guidanceScale());
    if (m.experts() == 2) {
      facts.put("high_noise_guidance_scale", m.highNoiseGuidanceScale());
      facts.put("expert_boundary", m.expertBoundary().getAsDouble());
    }
    facts.put("negative_prompt", m.negativePrompt());
    return facts;
  }
}
