// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.base.Count;
import dev.wanlet.base.Printable;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.sampling.SamplingMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What was given and has no effect, or not the one that it has elsewhere. Stateless. */
final class RequestNotes {
  /** How other programs name an adapter within a prompt: {@code <lora:style:0.8>}. */
  private static final Pattern ADAPTER_TAG = Pattern.compile("<(lora|lyco|hypernet):[^<>]*>");

  private RequestNotes() {}

  static List<String> of(Decisions d) {
    List<String> notes = new ArrayList<>();
    d.given(Settings.SIGMAS).ifPresent(list -> notes.addAll(sigmas(d, list.steps())));
    boolean ownLevels = d.get(Settings.METHOD) == SamplingMethod.RCM;
    if (ownLevels && notes.isEmpty() && d.given(Settings.FLOW_SHIFT).isPresent()) {
      notes.add(
          "rcm has noise levels of its own: " + words(d, Settings.FLOW_SHIFT) + " has no effect");
    }
    notes.addAll(unguided(d));
    d.find(Settings.STRENGTH).ifPresent(s -> notes.add(madeOver(d)));
    notes.addAll(unheard(d));
    notes.addAll(adapterTags(d));
    int steps = SamplingSettings.of(d).steps();
    if (d.find(Settings.CACHE).isPresent() && steps < SamplingSettings.LEAST_STEPS_TO_CACHE) {
      notes.add(
          String.format(
              "%s is off: a step cache is of use from %d steps on, and this run has %d",
              words(d, Settings.CACHE), SamplingSettings.LEAST_STEPS_TO_CACHE, steps));
    }
    notes.addAll(control(d));
    notes.addAll(experts(d));
    return notes;
  }

  private static List<String> control(Decisions d) {
    if (!d.model().transformer().variant().takesControl()) {
      return List.of();
    }
    ControlSettings control = ControlSettings.of(d);
    if (control.isNeutral()) {
      return List.of(
          "nothing to go by was given: the clip is made from the prompt alone, its control video is"
              + " empty");
    }
    int frames = d.get(Settings.FRAMES);
    return control.video().isPresent()
            && d.given(Settings.FRAMES).isEmpty()
            && frames != d.model().frames()
        ? List.of(
            "the clip has " + Count.of(frames, "frame") + ": no more fit into the control video")
        : List.of();
  }

  private static List<String> experts(Decisions d) {
    boolean assumed =
        d.model().id().equals(ModelDefaults.CUSTOM)
            && d.model().experts() == 2
            && d.given(Settings.EXPERT_BOUNDARY).isEmpty();
    return assumed
        ? List.of(
            "two experts of unpublished shapes: the low-noise one takes over at noise level "
                + d.get(Settings.EXPERT_BOUNDARY)
                + ", as in the published model of their kind; "
                + Settings.EXPERT_BOUNDARY.option()
                + " says otherwise")
        : List.of();
  }

  private static String madeOver(Decisions d) {
    int steps = SamplingSettings.of(d).steps();
    boolean one = steps == 1;
    return String.format(
        Locale.ROOT,
        "%s: the last %s run, from noise level %.3f on",
        words(d, Settings.STRENGTH),
        one ? "step" : steps + " steps",
        SamplingSettings.of(d).schedule().sigma(0));
  }

  private static List<String> adapterTags(Decisions d) {
    return Stream.of(Settings.PROMPT, Settings.NEGATIVE_PROMPT)
        .flatMap(s -> d.given(s).stream())
        .flatMap(prompt -> ADAPTER_TAG.matcher(prompt).results())
        .map(MatchResult::group)
        .distinct()
        .map(
            tag ->
                "%s in a prompt is taken for words; name the adapter's file with %s"
                    .formatted(Printable.name(tag), Settings.LORA.option()))
        .toList();
  }

  private static List<String> unguided(Decisions d) {
    String idle =
        Stream.of(Settings.GUIDANCE_INTERVAL, Settings.GUIDANCE_RULE, Settings.SLG_BLOCKS)
            .filter(s -> d.given(s).isPresent())
            .map(s -> words(d, s))
            .collect(Collectors.joining(", "));
    return idle.isEmpty() || SamplingSettings.of(d).isGuided()
        ? List.of()
        : List.of("no step is guided; without effect: " + idle);
  }

  private static List<String> unheard(Decisions d) {
    boolean idle =
        d.given(Settings.NEGATIVE_PROMPT).filter(text -> !text.isBlank()).isPresent()
            && !SamplingSettings.of(d).needsNegativePrompt();
    return idle
        ? List.of(
            "no step is guided; without effect: "
                + Settings.NEGATIVE_PROMPT.option()
                + "; with "
                + Settings.NAG_SCALE.option()
                + " 11 it has one")
        : List.of();
  }

  private static List<String> sigmas(Decisions d, int steps) {
    boolean otherSteps = d.given(Settings.STEPS).filter(n -> n != steps).isPresent();
    String idle =
        Stream.of(Settings.STEPS, Settings.FLOW_SHIFT, Settings.SCHEDULER)
            .filter(s -> d.given(s).isPresent())
            .filter(s -> s != Settings.STEPS || otherSteps)
            .map(s -> words(d, s))
            .collect(Collectors.joining(", "));
    return idle.isEmpty()
        ? List.of()
        : List.of(
            Settings.SIGMAS.option()
                + " lists the noise levels of "
                + steps
                + (steps == 1 ? " step" : " steps")
                + "; without effect: "
                + idle);
  }

  private static <T> String words(Decisions d, Setting<T> setting) {
    T value = d.given(setting).or(() -> d.find(setting)).orElseThrow();
    return setting.option() + " " + setting.type().storedForm().apply(value);
  }
}
