// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.profiles.RateProbe;
import dev.wanlet.wan.memory.DeviceRates;
import dev.wanlet.wan.nn.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs one part of the kit; {@code bench/device/run} calls it once per part. */
@Command(name = "device-part", description = "Runs one part of the measurements on a device.")
public final class Main implements Callable<Integer> {
  /** The process ended itself when its time was up. */
  static final int OUT_OF_TIME = 3;

  /** Not every line could be written; those are on stdout. */
  static final int LINES_LOST = 4;

  private static final List<Part> PARTS =
      List.of(
          new DevicesPart(),
          new OpsPart(),
          new ParityPart(Precision.F32),
          new ParityPart(Precision.AUTO),
          new DemoPart(),
          new BudgetPart(),
          new UploadPart(),
          new StepPart(),
          new AttentionPart(),
          new DecodePart(),
          new TextPart(),
          new ProfilePart(),
          new ModelsPart());

  @Parameters(paramLabel = "PART", description = "What to measure.")
  private String part;

  @Option(names = "--device", required = true, description = "Name of the device.")
  private String device;

  @Option(names = "--small", description = "Sizes of a dry run.")
  private boolean small;

  @Option(names = "--results", required = true, description = "File that lines are added to.")
  private Path results;

  @Option(names = "--work", required = true, description = "Folder for models.")
  private Path work;

  @Option(names = "--golden", required = true, description = "Folder of reference tensors.")
  private Path golden;

  @Option(names = "--commit", required = true, description = "Commit of the program.")
  private String commit;

  @Option(names = "--limit", required = true, description = "Seconds after which this stops.")
  private int limitSeconds;

  @Option(names = "--resume", description = "Leave out what an earlier process began.")
  private boolean resume;

  /** Runs a part and ends the process. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  /** Runs a part; returns 0 when its lines are written, whatever they say, else what is above. */
  static int run(String... args) {
    return new CommandLine(new Main()).execute(args);
  }

  @Override
  public Integer call() throws IOException {
    Map<String, Object> common = new LinkedHashMap<>();
    common.put("commit", commit);
    common.put("size", small ? "small" : "full");
    common.put("device", device);
    ResultLog log = new ResultLog(results, common);
    Part wanted =
        PARTS.stream()
            .filter(p -> p.id().equals(part))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException(unknown()));
    Thread watch = stopAfter(limitSeconds, log);
    // Before anything of ours opens the card, which takes memory.
    OptionalLong idle = used(CardId.ofCuda(device));
    Device found;
    try (MissingDevice missing = new MissingDevice()) {
      try {
        found = Device.byName(device);
      } catch (GgmlException | LinkageError e) {
        log.notRun(part, "all", missing.why(e.getMessage()));
        return log.isComplete() ? 0 : LINES_LOST;
      }
    }
    Optional<String> card = CardId.of(found);
    log.common("card", found.description());
    Files.createDirectories(work);
    Progress progress = new Progress(work.resolve(part + "-" + device + ".begun"), resume);
    wanted.run(
        new Kit(
            found,
            small,
            work,
            golden,
            log,
            progress,
            rates(),
            card,
            idle.isPresent() ? idle : used(card)));
    watch.interrupt();
    return log.isComplete() ? 0 : LINES_LOST;
  }

  private static OptionalLong used(Optional<String> card) {
    return card.isEmpty() ? OptionalLong.empty() : CardMemory.usedBytes(card.get());
  }

  /** Measured once in a process; a dry run is too short for that and assumes them. */
  private DeviceRates.Source rates() {
    if (small) {
      return (on, threads) -> DeviceRates.assumed(on);
    }
    Map<String, DeviceRates> known = new HashMap<>();
    return (on, threads) ->
        known.computeIfAbsent(on.name(), name -> RateProbe.measure(on, threads));
  }

  private String unknown() {
    return "unknown part '"
        + part
        + "'; known: "
        + PARTS.stream().map(Part::id).collect(Collectors.joining(", "));
  }

  // A graph that runs for too long cannot be interrupted; the process can.
  private Thread stopAfter(int seconds, ResultLog log) {
    Thread watch =
        new Thread(
            () -> {
              try {
                Thread.sleep(1000L * seconds);
              } catch (InterruptedException e) {
                return; // the part was done in time
              }
              log.notRun(part, "the rest", "stopped at its time limit of " + seconds + " seconds");
              Runtime.getRuntime().halt(log.isComplete() ? OUT_OF_TIME : LINES_LOST);
            },
            "time limit");
    watch.setDaemon(true);
    watch.start();
    return watch;
  }
}
