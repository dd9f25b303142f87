// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.ByteProgress;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Interruption;
import dev.wanlet.cli.console.Table;
import dev.wanlet.cli.console.VersionProvider;
import dev.wanlet.files.DiskSpace;
import dev.wanlet.files.WriteException;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.PublishedFile;
import dev.wanlet.wan.catalog.RequestException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code wanlet models get}: fetches the files of a model. Confined to one thread. */
@Command(
    name = "get",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    description = {
      "Fetch one set of files of a model from the Hugging Face hub, as 'wanlet models ID' lists"
          + " them.",
      "What has come stays when it is stopped or a connection breaks, and the same command goes on"
          + " with it. A file appears under its name when its length and SHA-256 are right.",
      "HF_TOKEN in the environment is sent to the hub, for models that want one; HF_ENDPOINT names"
          + " another hub or a mirror. Nothing is fetched by any other command."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  wanlet models get wan2.1-t2v-1.3b --to wan-1.3b",
      "  wanlet models get wan2.2-t2v-a14b --type Q4_K_M --dry-run"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all files are there and checked",
      "2:bad arguments, or no room for the files",
      "3:a file cannot be had, or is not what it should be",
      "130:interrupted (Ctrl-C); what has come stays"
    })
public final class ModelsGetCommand implements Callable<Integer> {
  private static final double GIGA = 1e9;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1",
      paramLabel = "ID",
      description = "A model, as 'wanlet models' lists them.")
  private String id;

  @Option(
      names = "--to",
      paramLabel = "FOLDER",
      description = "Where the files go (default: a folder of the model's id, here).")
  private Path folder;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description =
          "GGUF files of this quantisation type instead of the usual ones: Q8_0, Q6_K, Q5_K_M,"
              + " Q4_K_M, ..., in any case.")
  private String type;

  @Option(
      names = "--endpoint",
      paramLabel = "URL",
      description =
          "Address of the hub or of a mirror (default: HF_ENDPOINT, or else " + Hub.USUAL + ").")
  private String endpoint;

  @Option(names = "--dry-run", description = "Only list what would be fetched.")
  private boolean dryRun;

  @Override
  public Integer call() throws IOException {
    ModelCatalog catalog = ModelCatalog.standard();
    ModelDefaults model = catalog.require(id);
    if (ModelCatalog.isDemo(model.id())) {
      throw new RequestException(model.id() + " comes along; there is nothing to fetch");
    }
    List<PublishedFile> files = type == null ? model.files() : catalog.files(model, type);
    Hub hub = Hub.of(endpoint, System::getenv);
    Path to = folder == null ? Path.of(model.id()) : folder;
    if (dryRun) {
      list(files, hub, to);
      return ExitCode.OK;
    }
    makeFolder(to);
    requireRoom(files, to);
    if (hub.keepsToken()) {
      say(
          "the token in "
              + Hub.TOKEN_SETTING
              + " is not sent to "
              + hub
              + ", which is not private");
    }
    fetch(files, hub, to);
    PrintWriter out = spec.commandLine().getOut();
    out.println("wanlet generate --model " + Printable.text(to) + " --prompt ...");
    out.flush();
    return ExitCode.OK;
  }

  private void list(List<PublishedFile> files, Hub hub, Path to) {
    Table table = new Table();
    for (PublishedFile f : files) {
      table.row(
          to.resolve(f.name()).toString(),
          PublishedSize.text(f),
          f.sha256().isPresent() ? "SHA-256 listed" : "SHA-256 from the server",
          hub.address(f).toString());
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(table.render(""));
    out.flush();
  }

  private static void makeFolder(Path to) throws WriteException {
    try {
      Files.createDirectories(to);
    } catch (IOException e) {
      throw WriteException.of(to, e, 0);
    }
  }

  /** What is known of their sizes must fit beside what is there. */
  private static void requireRoom(List<PublishedFile> files, Path to) throws IOException {
    long missing = 0;
    for (PublishedFile f : files) {
      Path target = to.resolve(f.name());
      Path part = PartFile.part(target);
      long there =
          Files.exists(target) ? Long.MAX_VALUE : Files.exists(part) ? Files.size(part) : 0;
      long size = f.bytes().orElse((long) (f.gigabytes().orElse(0) * GIGA));
      missing += Math.max(0, size - there);
    }
    DiskSpace.require(to.resolve("files"), missing);
  }

  private void fetch(List<PublishedFile> files, Hub hub, Path to) throws IOException {
    HubClient client = new HubClient(hub);
    Stop stop = new Stop(Thread.currentThread());
    Interruption interruption = Interruption.onInterrupt(stop::request);
    PrintWriter out = spec.commandLine().getOut();
    try {
      for (int i = 0; i < files.size(); i++) {
        PublishedFile file = files.get(i);
        Path target = to.resolve(file.name());
        say(
            String.format(
                "%d of %d: %s, %s, from %s",
                i + 1, files.size(), file.name(), PublishedSize.text(file), file.repository()));
        Download.Check check;
        try (ByteProgress bar = new ByteProgress(file.name())) {
          check =
              new Download(client, file, target, Download.Patience.USUAL, listener(bar), stop)
                  .run();
        }
        out.println(Printable.text(target) + ": " + check.words());
        out.flush();
      }
    } finally {
      interruption.close();
    }
  }

  private FetchListener listener(ByteProgress bar) {
    return new FetchListener() {
      @Override
      public void progress(long bytes, long total) {
        if (total > 0) {
          bar.at(bytes, total);
        }
      }

      @Override
      public void said(String line) {
        bar.close();
        say(line);
      }
    };
  }

  private void say(String line) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("wanlet: " + Printable.message(line));
    err.flush();
  }
}
