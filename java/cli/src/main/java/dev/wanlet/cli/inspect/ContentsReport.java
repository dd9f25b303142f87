// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.inspect;

import dev.wanlet.cli.console.Table;
import dev.wanlet.cli.fetch.PublishedSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelContents;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.PublishedFile;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which parts of a model a file or a folder holds, and which it lacks to be run. Immutable. */
final class ContentsReport {
  private static final ModelContents NOTHING =
      new ModelContents(Optional.empty(), Map.of(), List.of(), List.of());

  private final Path path;
  private final ModelContents contents;

  private ContentsReport(Path path, ModelContents contents) {
    this.path = path;
    this.contents = contents;
  }

  /**
   * The parts in the folder of a model; empty for a folder with one network or none.
   *
   * @throws IOException if it cannot be listed
   */
  static Optional<ContentsReport> ofFolder(Path folder) throws IOException {
    ModelContents contents = ModelContents.of(folder, ModelCatalog.standard());
    return contents.isWholeFolder()
        ? Optional.of(new ContentsReport(folder, contents))
        : Optional.empty();
  }

  /** What a file, or a folder with one network, lacks; nothing where it cannot be recognised. */
  static ContentsReport ofFile(Path file) throws IOException {
    try {
      return new ContentsReport(file, ModelContents.of(file, ModelCatalog.standard()));
    } catch (WeightFormatException e) {
      return new ContentsReport(file, NOTHING); // the report of the file itself says why
    }
  }

  /** For {@code --json}. */
  Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("folder", path.toString());
    contents
        .model()
        .ifPresent(
            m -> {
              facts.put("model", m.id());
              facts.put("title", m.title());
              facts.put("runs", m.isRunnable());
            });
    Map<String, Object> parts = new LinkedHashMap<>();
    contents
        .parts()
        .forEach(
            (part, files) -> parts.put(key(part), files.stream().map(Path::toString).toList()));
    facts.put("parts", parts);
    facts.putAll(missing());
    if (!contents.problems().isEmpty()) {
      facts.put("problems", contents.problems());
    }
    return facts;
  }

  /** The missing parts, for {@code --json}; nothing where no model was recognised. */
  Map<String, Object> missing() {
    return contents.model().isEmpty()
        ? Map.of()
        : Map.of(
            "missing_parts",
            contents.missing().stream().map(ContentsReport::missingFacts).toList());
  }

  private static Map<String, Object> missingFacts(ModelContents.Missing missing) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("part", key(missing.part()));
    missing
        .usual()
        .ifPresent(
            f -> {
              facts.put("file", f.name());
              f.gigabytes().ifPresent(gb -> facts.put("gigabytes", gb));
              facts.put("repository", f.repository());
              facts.put("path", f.path());
            });
    return facts;
  }

  private static String key(ModelPart part) {
    return part.setting().replace('-', '_');
  }

  /** For people. */
  String render() {
    Table table = new Table();
    table.row("folder", path.toString());
    contents.model().ifPresent(m -> table.row("model", m.id() + ", " + m.title()));
    contents
        .parts()
        .forEach((part, files) -> files.forEach(f -> table.row(part.title(), relative(f))));
    contents.problems().forEach(p -> table.row("problem", p));
    StringBuilder text = new StringBuilder(table.render(""));
    contents
        .parts()
        .forEach(
            (part, files) -> {
              if (files.size() > 1) {
                text.append("More than one ")
                    .append(part.title())
                    .append(": a run must name one.\n");
              }
            });
    return text.append(renderMissing()).toString();
  }

  private String relative(Path file) {
    Path folder = path.toAbsolutePath().normalize();
    Path absolute = file.toAbsolutePath().normalize();
    return absolute.startsWith(folder) ? folder.relativize(absolute).toString() : file.toString();
  }

  /** The missing parts for people, or a line that says that there are none. */
  String renderMissing() {
    if (contents.model().isEmpty()) {
      return contents.isWholeFolder() ? "No transformer is here, so no model.\n" : "";
    }
    if (contents.missing().isEmpty()) {
      return "Nothing is missing to run it.\n";
    }
    Table table = new Table();
    for (ModelContents.Missing m : contents.missing()) {
      table.row(
          m.part().title(),
          m.usual().map(PublishedFile::name).orElse("any that fits"),
          m.usual().map(PublishedSize::text).orElse(""),
          m.usual().map(PublishedFile::repository).orElse(""));
    }
    return "Missing to run it, and a usual file for each:\n" + table.render("  ");
  }
}
