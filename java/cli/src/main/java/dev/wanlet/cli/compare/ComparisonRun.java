// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.compare;

import dev.wanlet.base.Printable;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.cli.console.Json;
import dev.wanlet.cli.generate.ClipMaker;
import dev.wanlet.files.Sha256;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.wan.pipeline.Cancellation;
import dev.wanlet.wan.quality.LatentCosine;
import dev.wanlet.wan.quality.ShapeScore;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CancellationException;

/**
 * Makes the clips of a comparison, or takes those of an earlier call, and measures them. Confined
 * to one thread.
 */
final class ComparisonRun {
  private final ComparisonPlan plan;
  private final Path folder;
  private final Cancellation cancellation;
  private final PrintWriter err;

  /** Clips that are there, and those that could not be made. */
  private final Map<Wanted, Result> results = new LinkedHashMap<>();

  /** A clip, or why there is none. */
  private record Result(Optional<ComparedClip> clip, String problem) {}

  ComparisonRun(ComparisonPlan plan, Path folder, Cancellation cancellation, PrintWriter err) {
    this.plan = plan;
    this.folder = folder;
    this.cancellation = cancellation;
    this.err = err;
  }

  /**
   * Makes everything; a reference comes before the first clip that is held against it, so that what
   * the first run of all pays for (files that are not in memory yet, code that is not compiled yet)
   * is not on a clip's account.
   *
   * @throws CancellationException if cancelled; what is finished is kept
   */
  ComparisonReport report() throws IOException {
    List<ComparedClip> clips = new ArrayList<>();
    try {
      for (Wanted wanted : plan.clips()) {
        Optional<Wanted> reference = plan.reference(wanted);
        Result held =
            reference.isPresent() && !reference.get().equals(wanted)
                ? referenceOf(reference.get())
                : new Result(Optional.empty(), "");
        clips.add(held(clip(wanted), wanted, reference, held));
      }
    } catch (CancellationException e) {
      long finished = results.values().stream().filter(r -> r.clip().isPresent()).count();
      err.printf(
          "wanlet: %d of %d clips are finished and kept; the same command goes on%n",
          finished, plan.total());
      err.flush();
      throw e;
    }
    List<ComparedClip> references =
        results.entrySet().stream()
            .filter(e -> !plan.clips().contains(e.getKey()))
            .flatMap(e -> e.getValue().clip().stream())
            .toList();
    return new ComparisonReport(clips, references, !plan.references().isEmpty());
  }

  private ComparedClip clip(Wanted wanted) throws IOException {
    Result known = results.get(wanted);
    if (known == null) {
      known = new Result(Optional.of(made(wanted)), "");
      results.put(wanted, known);
    }
    return known.clip().orElseThrow();
  }

  /** A reference; one that does not fit, or not run, is told, and its clips go without. */
  private Result referenceOf(Wanted wanted) throws IOException {
    if (plan.clips().contains(wanted)) {
      return new Result(Optional.of(clip(wanted)), "");
    }
    Result known = results.get(wanted);
    if (known == null) {
      try {
        known = new Result(Optional.of(made(wanted)), "");
      } catch (RuntimeException e) {
        boolean isUnsupported =
            e instanceof GgmlException ggml && ggml.code() == ErrorCode.UNSUPPORTED;
        if (ExitCode.of(e) != ExitCode.OVER_BUDGET && !isUnsupported) {
          throw e;
        }
        known = new Result(Optional.empty(), Printable.message(e.getMessage()));
        err.println("wanlet: no reference can be made: " + known.problem());
      }
      results.put(wanted, known);
    }
    return known;
  }

  private ComparedClip made(Wanted wanted) throws IOException {
    err.printf("wanlet: clip %d of %d: %s%n", results.size() + 1, plan.total(), wanted.title());
    err.flush();
    Optional<ComparedClip> kept = ComparedClip.kept(wanted.file(), wanted.key());
    if (kept.isPresent()) {
      err.println("wanlet: it is there already, and is kept");
      return kept.get();
    }
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("variant", wanted.variant());
    facts.put("prompt", wanted.prompt());
    ClipMaker.Made made = wanted.maker().make(cancellation, err);
    facts.putAll(made.facts());
    facts.put("output", relative(wanted.file()));
    LatentFile.write(LatentFile.of(wanted.file()), made.shape(), made.latents());
    Optional<ShapeScore> asked = ShapeScore.fromWholePrompt(wanted.prompt());
    ClipScore score = ClipScorer.score(wanted.file(), Optional.empty(), asked);
    Map<String, Object> measured = score.facts();
    facts.put("measures", measured.get("measures"));
    if (measured.containsKey("caption_accuracy")) {
      facts.put("caption_accuracy", measured.get("caption_accuracy"));
    }
    facts.put("notes", measured.get("notes"));
    ComparedClip clip = new ComparedClip(wanted.file(), facts);
    clip.keep(wanted.key());
    return clip;
  }

  private String relative(Path file) {
    return folder.relativize(file).toString().replace('\\', '/');
  }

  private ComparedClip held(
      ComparedClip clip, Wanted wanted, Optional<Wanted> reference, Result result)
      throws IOException {
    if (reference.isEmpty()) {
      return clip;
    }
    if (reference.get().equals(wanted)) {
      return clip.noting("has no reference: its own settings are those of the highest precision");
    }
    return result.clip().isPresent()
        ? held(clip, result.clip().get())
        : clip.noting("has no reference: " + result.problem());
  }

  private ComparedClip held(ComparedClip clip, ComparedClip reference) throws IOException {
    Path file = clip.file().resolveSibling(clip.file().getFileName() + ".reference.json");
    Map<String, Object> key = new LinkedHashMap<>();
    for (ComparedClip one : List.of(clip, reference)) {
      key.put(relative(one.file()), Sha256.of(one.file()));
      Path latents = LatentFile.of(one.file());
      key.put(relative(latents), Sha256.of(latents));
    }
    Optional<Map<String, Object>> kept = KeptFacts.read(file, Json.line(key));
    if (kept.isPresent()) {
      return clip.with(kept.get());
    }
    ClipScore score =
        ClipScorer.score(clip.file(), Optional.of(reference.file()), Optional.empty());
    OptionalDouble cosine =
        LatentCosine.of(
            LatentFile.read(LatentFile.of(clip.file())),
            LatentFile.read(LatentFile.of(reference.file())));
    Map<String, Object> values = new LinkedHashMap<>();
    values.put(LatentCosine.ID, cosine.isPresent() ? (Double) cosine.getAsDouble() : null);
    values.putAll(score.againstReference());
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("reference", relative(reference.file()));
    facts.put(ComparedClip.AGAINST, values);
    List<Object> notes = new ArrayList<>(clip.notes());
    score.notes().stream().filter(note -> !notes.contains(note)).forEach(notes::add);
    facts.put("notes", notes);
    KeptFacts.write(file, Json.line(key), facts);
    return clip.with(facts);
  }
}
