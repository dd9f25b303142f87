// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.lora;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a file says of the alphas of its modules outside its tensors, the most certain first:
 * diffusers' {@code lora_adapter_metadata}, plain entries of the metadata, peft's {@code
 * adapter_config.json} beside it. Immutable.
 *
 * <p>kohya's {@code ss_network_alpha} is no such word: its own files have alpha as tensors, and
 * what converters make of them without keeps the entry after multiplying alpha into the matrices.
 */
final class AdapterAlphas {
  /** An alpha, with how it is to be applied and where it is from. */
  record Alpha(double value, boolean rootRank, Optional<Double> statedRank, String from) {}

  private static final String DIFFUSERS = "lora_adapter_metadata";
  private static final String CONFIG = "adapter_config.json";

  /** The file that peft writes beside {@link #CONFIG}, whatever its format. */
  private static final String PEFT_NAME = "adapter_model.";

  private static final int MAX_CONFIG_BYTES = 1 << 20;

  private final List<Map<String, AdapterConfig>> sources;
  private final List<String> notes;

  private AdapterAlphas(List<Map<String, AdapterConfig>> sources, List<String> notes) {
    this.sources = List.copyOf(sources);
    this.notes = List.copyOf(notes);
  }

  /**
   * Reads all there is.
   *
   * @throws WeightFormatException if something of it is damaged, or speaks of another kind of
   *     adapter
   */
  static AdapterAlphas of(WeightSource source) throws WeightFormatException {
    Path file = source.files().get(0);
    List<Map<String, AdapterConfig>> sources = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    String diffusers = source.metadata().get(DIFFUSERS);
    if (diffusers != null) {
      byte[] json = diffusers.getBytes(StandardCharsets.UTF_8);
      sources.add(AdapterConfig.parse("its " + DIFFUSERS, file, json));
    }
    sources.add(AdapterConfig.of("its metadata", file, source.metadata()));
    Path config = file.resolveSibling(CONFIG);
    if (Files.isRegularFile(config)) {
      if (isMeant(file)) {
        sources.add(AdapterConfig.parse(CONFIG, config, bytes(config)));
      } else {
        notes.add(CONFIG + " beside it is not used: there are other weight files it may belong to");
      }
    }
    sources.removeIf(Map::isEmpty);
    return new AdapterAlphas(sources, notes);
  }

  /** A folder of many adapters may have a stray configuration. */
  private static boolean isMeant(Path file) throws WeightFormatException {
    if (file.getFileName().toString().startsWith(PEFT_NAME)) {
      return true;
    }
    Path folder = file.toAbsolutePath().getParent();
    try (Stream<Path> files = Files.list(folder)) {
      return files
              .map(f -> f.getFileName().toString().toLowerCase(Locale.ROOT))
              .filter(name -> name.matches(".*\\.(safetensors|gguf|pth|pt|bin|ckpt)"))
              .count()
          == 1;
    } catch (IOException e) {
      throw new WeightFormatException(file, "its folder cannot be listed", e);
    }
  }

  private static byte[] bytes(Path config) throws WeightFormatException {
    try {
      if (Files.size(config) <= MAX_CONFIG_BYTES) {
        return Files.readAllBytes(config);
      }
    } catch (IOException e) {
      throw new WeightFormatException(config, "cannot be read; check its owner and mode", e);
    }
    throw new WeightFormatException(config, "larger than a configuration can be");
  }

  /**
   * The alpha of a module; empty if nothing is said of it.
   *
   * @param module as the file calls it
   * @throws WeightFormatException if a pattern in the file is a trap
   */
  Optional<Alpha> find(String module) throws WeightFormatException {
    for (Map<String, AdapterConfig> source : sources) {
      AdapterConfig config = component(source, module);
      if (config != null && config.alphaOf(module).isPresent()) {
        Optional<Double> rank = config.rankOf(module).stream().boxed().findFirst();
        return Optional.of(
            new Alpha(
                config.alphaOf(module).getAsDouble(), config.rootRank(), rank, config.title()));
      }
    }
    return Optional.empty();
  }

  /** What is said of the module itself, or of the network it belongs to. */
  private static AdapterConfig component(Map<String, AdapterConfig> source, String module) {
    int dot = module.indexOf('.');
    String network = dot < 0 ? "" : module.substring(0, dot);
    for (String name : new String[] {module, network, "", "transformer"}) {
      if (source.containsKey(name)) {
        return source.get(name);
      }
    }
    List<String> networks =
        source.keySet().stream().filter(name -> !ModuleNames.isTextEncoder(name)).toList();
    return networks.size() == 1 && !networks.get(0).contains(".")
        ? source.get(networks.get(0))
        : null;
  }

  /** What is worth saying about the sources. */
  List<String> notes() {
    return notes;
  }
}
