// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import dev.wanlet.base.UserCache;
import dev.wanlet.cli.console.ProgressDisplay;
import dev.wanlet.cli.console.TerminalPictures;
import dev.wanlet.cli.console.TerminalPictures.Protocol;
import dev.wanlet.cli.options.IdleDecoder;
import dev.wanlet.cli.options.InputFiles;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.preview.PreviewFile;
import dev.wanlet.wan.pipeline.RunOptions;
import dev.wanlet.wan.pipeline.preview.PreviewOptions;
import dev.wanlet.wan.pipeline.prompts.PromptCache;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** How a clip is shown while it is made, and what is kept for the next. */
final class PreviewFlags {
  private static final String TERMINAL = "terminal";

  /** The small decoder takes a few seconds. */
  private static final int STEPS_BY_TAE = 5;

  /** What makes the pictures. */
  enum Maker {
    LINEAR,
    TAE
  }

  @Option(
      names = "--preview",
      paramLabel = "FILE|terminal",
      description =
          "Show the clip while it is made: in a .gif or .png that is replaced each time, or in the"
              + " terminal (terminal:kitty, :iterm, :sixel or :blocks where it is not recognised)."
              + " May be given twice.")
  private List<String> targets = new ArrayList<>();

  @Option(
      names = "--preview-every",
      paramLabel = "STEPS",
      description = "Steps from one preview to the next (default: 1; 5 with the small decoder).")
  private Integer every;

  @Option(
      names = "--preview-decoder",
      paramLabel = "NAME",
      description =
          "linear: colours read off the latents, at no cost; tae: the small decoder of --tae, on the"
              + " CPU (default: tae where it is given).")
  private Maker maker;

  @Option(
      names = "--no-prompt-cache",
      description =
          "Encode prompts anew, and keep none (default: what the text encoder makes of a prompt is"
              + " kept in the cache folder, up to 256 MiB).")
  private boolean noPromptCache;

  private PreviewFile file;
  private Protocol terminal;

  /**
   * Options with what was asked for; says on stderr what is left out.
   *
   * @throws RequestException if it cannot be
   * @throws IOException if the disk cannot tell whether a file is another
   */
  RunOptions applied(
      RunOptions options, ModelFiles files, GenerationRequest request, CommandLine line)
      throws IOException {
    RunOptions all =
        noPromptCache
            ? options
            : options.withPromptCache(new PromptCache(UserCache.folder("prompts")));
    readTargets(files, request, line);
    Optional<Path> tae = request.find(Settings.TAE);
    if (maker == Maker.TAE && tae.isEmpty()) {
      throw new RequestException("previews by the small decoder need its file; give it with --tae");
    }
    boolean byTae = maker != Maker.LINEAR && !targets.isEmpty();
    tellIdleDecoder(files, request, byTae, line);
    if (file == null && terminal == null) {
      if (targets.isEmpty() && (every != null || maker != null)) {
        ClipRun.tell(
            line, List.of("there is no preview without --preview FILE or --preview terminal"));
      }
      return all;
    }
    Optional<Path> decoder = maker == Maker.LINEAR ? Optional.empty() : tae;
    int steps = every != null ? every : decoder.isPresent() ? STEPS_BY_TAE : 1;
    return all.withPreviews(
        new PreviewOptions(steps, decoder, Optional.of(UserCache.folder("latent-colors"))));
  }

  /** A draft brings its small decoder along; one that the user gives is given for something. */
  private static void tellIdleDecoder(
      ModelFiles files, GenerationRequest request, boolean previews, CommandLine line)
      throws IOException {
    if (line.getParseResult().hasMatchedOption(Settings.TAE.option())) {
      SettingValues decoding =
          SettingValues.NONE
              .with(Settings.TAE, request.find(Settings.TAE).orElse(null))
              .with(Settings.DECODER, request.find(Settings.DECODER).orElse(null));
      int channels = files.model().transformer().outChannels();
      ClipRun.tell(line, IdleDecoder.note(decoding, channels, previews).stream().toList());
    }
  }

  private void readTargets(ModelFiles files, GenerationRequest request, CommandLine line)
      throws IOException {
    for (String target : targets) {
      String name = target.toLowerCase(Locale.ROOT);
      if (name.equals(TERMINAL) || name.startsWith(TERMINAL + ":")) {
        Protocol wanted = protocol(name);
        if (ProgressDisplay.isOnTerminal()) {
          terminal = wanted;
        } else {
          ClipRun.tell(line, List.of("the preview is not shown: stderr goes to no terminal"));
        }
      } else {
        if (file != null) {
          throw new RequestException("--preview was given two files; give one");
        }
        file = new PreviewFile(free(Path.of(target), files, request));
      }
    }
  }

  /** A file for previews, which replace it at each step. */
  private static Path free(Path target, ModelFiles files, GenerationRequest request)
      throws IOException {
    if (InputFiles.isOutput(request, target)) {
      throw new RequestException(
          target + " is the clip itself; give the preview a file of its own");
    }
    InputFiles.of(files, request).requireOther(target, "--preview");
    return target;
  }

  private static Protocol protocol(String target) {
    if (target.equals(TERMINAL)) {
      return TerminalPictures.protocol(System::getenv);
    }
    String name = target.substring(TERMINAL.length() + 1);
    for (Protocol protocol : Protocol.values()) {
      if (protocol.name().equalsIgnoreCase(name)) {
        return protocol;
      }
    }
    throw new RequestException(
        "--preview " + target + ": expected terminal:kitty, :iterm, :sixel or :blocks");
  }

  /** Has a display show what was asked for. */
  void show(ProgressDisplay display) {
    display.show(file, terminal);
  }
}
