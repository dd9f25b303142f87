// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.base.Count;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.ggml.Device;
import dev.wanlet.profiles.device.DeviceSpec;
import dev.wanlet.profiles.device.DeviceSpecs;
import dev.wanlet.profiles.select.Candidate;
import dev.wanlet.profiles.select.Profiles;
import dev.wanlet.profiles.select.Selector;
import dev.wanlet.profiles.select.Wish;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.memory.ComputeSettings;
import dev.wanlet.wan.memory.MemoryBudgetException;
import dev.wanlet.wan.request.SettingValues;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code wanlet fit-table}: what fits which card, and in what time. Confined to one thread. */
@Command(
    name = "fit-table",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description =
        "Print what each profile would choose on cards that need not be here, as a Markdown table;"
            + " with --models, what each published model needs at 480p and 720p."
            + " Memory is planned to the byte, times are predictions from data sheets.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet fit-table",
      "  wanlet fit-table rtx-4060 rx-7600 --ram 16GiB",
      "  wanlet fit-table --models wan2.1-vace-14b --type Q8_0"
    })
public final class FitTableCommand implements Callable<Integer> {
  /** Cards that people have, from small to large. */
  private static final List<String> CARDS =
      List.of(
          "rtx-3050-laptop",
          "gtx-1660",
          "rtx-4050-laptop",
          "rtx-4060",
          "rx-7600",
          "rtx-3060-12gb",
          "arc-b580",
          "rtx-4060-ti-16gb",
          "rtx-4090");

  private static final String DEFAULT_RAM = "32GiB";
  private static final String DEFAULT_TYPE = "Q4_K_M";

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..*",
      paramLabel = "NAME",
      description = "Cards (default: nine usual ones), or with --models models (default: all).")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--models",
      description = "What models need for a clip of their usual length, on cards of 6 to 16 GB.")
  private boolean models;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description =
          "With --models: quantisation recipe of the transformers (default: " + DEFAULT_TYPE + ").")
  private String type;

  @Option(
      names = "--ram",
      paramLabel = "SIZE",
      description = "Free host memory beside the card (default: " + DEFAULT_RAM + ").",
      defaultValue = DEFAULT_RAM,
      converter = SizeConverter.class)
  private ByteSize ram;

  /** Reads a size as people write it. */
  static final class SizeConverter implements ITypeConverter<ByteSize> {
    @Override
    public ByteSize convert(String text) {
      try {
        return ByteSize.parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (models) {
      ModelsFit fit = new ModelsFit(type == null ? DEFAULT_TYPE : type, ram.bytes());
      fit.rows(chosenModels()).forEach(out::println);
      out.flush();
      return ExitCode.OK;
    }
    if (type != null) {
      throw new ParameterException(spec.commandLine(), "--type goes with --models");
    }
    printCards(out);
    return ExitCode.OK;
  }

  private List<ModelDefaults> chosenModels() {
    return names.isEmpty()
        ? ModelsFit.published()
        : names.stream().map(ModelCatalog.standard()::require).toList();
  }

  private void printCards(PrintWriter out) throws IOException {
    out.println("| card | memory for a run | draft | balanced | quality |");
    out.println("|---|---|---|---|---|");
    try (PublishedModels published =
        PublishedModels.open(
            PublishedModels.fromText(), List.of(), ComputeSettings.AUTO, Device.cpu())) {
      for (String name : names.isEmpty() ? CARDS : names) {
        out.println(row(DeviceSpecs.standard().require(name), published));
        out.flush();
      }
    }
  }

  private String row(DeviceSpec card, PublishedModels published) {
    StringBuilder row = new StringBuilder("| " + card.title() + " | ");
    row.append(ByteSize.format(card.usableBytes()));
    for (String profile : List.of("draft", "balanced", "quality")) {
      row.append(" | ").append(cell(card, published, profile));
    }
    return row.append(" |").toString();
  }

  private String cell(DeviceSpec card, PublishedModels published, String profile) {
    Wish wish =
        new Wish(
            Profiles.standard().require(profile),
            Optional.empty(),
            OptionalDouble.empty(),
            Optional.empty(),
            SettingValues.NONE);
    try {
      Candidate c =
          new Selector(card.budget(ram.bytes()))
              .choose(published.options((kernels, threads) -> card.rates()), wish)
              .candidate();
      return String.format(
          Locale.ROOT,
          "%s %s, %s, %s, %s: %s",
          c.model().id(),
          c.recipe(),
          c.job().size(),
          Count.of(c.job().frames(), "frame"),
          Count.of(c.steps(), "step"),
          c.time());
    } catch (MemoryBudgetException e) {
      return "nothing: " + e.getMessage();
    }
  }
}
