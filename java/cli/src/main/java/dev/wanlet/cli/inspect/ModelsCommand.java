// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.inspect;

import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.console.Table;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import java.io.PrintWriter;
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
    description = "List the models Wanlet knows, their settings, and where their files go.",
    footerHeading = "%nExamples:%n",
    footer = {"  wanlet models", "  wanlet models wan2.2-ti2v-5b", "  wanlet models --json"})
public final class ModelsCommand implements Callable<Integer> {
  private static final String FILES =
      """

      A model is a folder in the official, Comfy-Org or diffusers layout, or files of any name side
      by side; they are recognised by their content (safetensors, GGUF, PyTorch):
        wanlet generate --model FOLDER --prompt ...
      or single files:
        wanlet generate --diffusion-model wan2.1-t2v-1.3b-Q8_0.gguf --vae Wan2.1_VAE.pth \\
            --text-encoder umt5-xxl-encoder-Q8_0.gguf --tokenizer google/umt5-xxl --prompt ...
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
      facts(models.get(0)).forEach((key, value) -> table.row(key.replace('_', ' '), text(value)));
      out.print(table.render(""));
    } else {
      printList(out, models);
    }
    out.flush();
    return ExitCode.OK;
  }

  private static void printList(PrintWriter out, List<ModelDefaults> models) {
    Table table = new Table().row("ID", "WHAT", "SIZE", "FRAMES", "STEPS", "PUBLISHED AS");
    for (ModelDefaults m : models) {
      table.row(
          m.id(),
          m.title(),
          m.size().toString(),
          Integer.toString(m.frames()),
          Integer.toString(m.steps()),
          m.source());
    }
    out.print(table.render(""));
    out.print(FILES);
  }

  private static String text(Object value) {
    if (value instanceof List<?> items) {
      return String.join(", ", items.stream().map(String::valueOf).toList());
    }
    return value instanceof Double d && d == Math.rint(d)
        ? Long.toString(d.longValue())
        : String.valueOf(value);
  }

  /** What {@code --json} prints of a model. */
  static Map<String, Object> facts(ModelDefaults m) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("id", m.id());
    facts.put("title", m.title());
    facts.put("source", m.source());
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
