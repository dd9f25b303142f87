// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * All that a small model has seen in training; outside of it clips may show nothing. Immutable.
 *
 * @param sizes of frames
 * @param frames lengths of clips
 * @param words of prompts, in lower case
 */
public record TrainedOn(List<FrameSize> sizes, List<Integer> frames, List<String> words) {
  private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{M}\\p{N}]+");

  public TrainedOn {
    sizes = List.copyOf(sizes);
    frames = List.copyOf(frames);
    words = List.copyOf(words);
  }

  /**
   * What a clip asks for beyond it, a sentence each for people.
   *
   * @param model its name, for the sentences
   */
  public List<String> beyond(String model, FrameSize size, int length, String prompt) {
    List<String> lines = new ArrayList<>();
    if (!sizes.contains(size)) {
      lines.add(
          String.format(
              "%s was trained at %s only; at %s its clips may show nothing",
              model, list(sizes), size));
    }
    if (!frames.contains(length)) {
      lines.add(
          String.format(
              "%s was trained with %s frames only; with %d its clips may show nothing",
              model, list(frames), length));
    }
    List<String> unknown =
        WORD.matcher(prompt)
            .results()
            .map(MatchResult::group)
            .filter(word -> !words.contains(word.toLowerCase(Locale.ROOT)))
            .distinct()
            .toList();
    if (!unknown.isEmpty()) {
      lines.add(
          String.format(
              "%s does not know %s; its words are %s", model, list(unknown), list(words)));
    }
    return lines;
  }

  private static String list(List<?> items) {
    return items.stream().map(String::valueOf).collect(Collectors.joining(", "));
  }
}
