// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.sampling.cache;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The numbers of a step cache. Written {@code mag;threshold=0.12;keep=0.2;most=4;prompt=1,1.01;
 * without=1,1.02} or {@code tea;threshold=0.1;first=5;coefficients=...}; what is 0 or empty is left
 * out. Immutable.
 *
 * @param threshold how much error may add up before the blocks run again, above 0
 * @param keep share of an expert's first steps that are computed, 0 to 1; rounded up
 * @param first first steps of an expert that are computed at least
 * @param last last steps of the run that are computed
 * @param most steps in a row that may do without the blocks; 0 for any number
 * @param lowNoiseOnly whether the high-noise expert's steps are all computed
 * @param prompt MagCache: how much longer the change by the blocks is than at the step before, for
 *     each step, with the prompt
 * @param without likewise without the prompt
 * @param coefficients TeaCache: of the polynomial, highest power first
 */
public record CacheNumbers(
    CacheKind kind,
    double threshold,
    double keep,
    int first,
    int last,
    int most,
    boolean lowNoiseOnly,
    List<Double> prompt,
    List<Double> without,
    List<Double> coefficients) {
  /**
   * What EasyCache runs with; its threshold is that of the authors, the share that of other
   * programs, because the authors' ten steps are half of a run of twenty.
   */
  public static final CacheNumbers EASY = parse("easy;threshold=0.05;keep=0.15;last=1");

  private static final int MOST_NUMBERS = 2000;

  /** Checks ranges, and that the cache has what it needs. */
  public CacheNumbers {
    prompt = List.copyOf(prompt);
    without = List.copyOf(without);
    coefficients = List.copyOf(coefficients);
    if (!(threshold > 0 && threshold <= 1000)) {
      throw problem("threshold is " + threshold + "; expected more than 0, such as 0.1");
    }
    if (!(keep >= 0 && keep <= 1) || first < 0 || last < 0 || most < 0) {
      throw problem("keep is a share from 0 to 1; first, last and most are 0 or more");
    }
    boolean mag = kind == CacheKind.MAG;
    if (mag == prompt.isEmpty() || prompt.size() != without.size()) {
      throw problem(
          "a table of mag has as many ratios of 'prompt' as of 'without', others have none");
    }
    if ((kind == CacheKind.TEA) == coefficients.isEmpty()) {
      throw problem("a table of tea has coefficients, others have none");
    }
    for (List<Double> list : List.of(prompt, without, coefficients)) {
      if (list.size() > MOST_NUMBERS || list.stream().anyMatch(x -> !Double.isFinite(x))) {
        throw problem("expected up to " + MOST_NUMBERS + " finite numbers a list");
      }
    }
    if (mag && (prompt.stream().anyMatch(x -> x <= 0) || without.stream().anyMatch(x -> x <= 0))) {
      throw problem("ratios are above 0");
    }
  }

  private static IllegalArgumentException problem(String text) {
    return new IllegalArgumentException("step cache: " + text);
  }

  /**
   * Reads the text of {@link #toString}.
   *
   * @throws IllegalArgumentException if it is none; the message says what is wrong
   */
  public static CacheNumbers parse(String text) {
    String[] parts = text.strip().split(";", -1);
    CacheKind kind = CacheKind.parse(parts[0]);
    if (kind == null) {
      throw problem("'none' has no numbers");
    }
    Map<String, String> entries = new LinkedHashMap<>();
    for (String part : List.of(parts).subList(1, parts.length)) {
      int equals = part.indexOf('=');
      String name = equals < 0 ? part : part.substring(0, equals).strip();
      if (equals < 0 || entries.put(name, part.substring(equals + 1).strip()) != null) {
        throw problem("'" + shortened(part) + "' is no NAME=VALUE, or comes twice");
      }
    }
    Set<String> unknown = new TreeSet<>(entries.keySet());
    unknown.removeAll(
        Set.of(
            "threshold",
            "keep",
            "first",
            "last",
            "most",
            "experts",
            "prompt",
            "without",
            "coefficients"));
    String experts = entries.getOrDefault("experts", "both").toLowerCase(Locale.ROOT);
    if (!unknown.isEmpty() || !Set.of("both", "low").contains(experts)) {
      throw problem(
          unknown.isEmpty()
              ? "experts is '" + experts + "'; expected both or low"
              : "unknown entry '" + shortened(unknown.iterator().next()) + "'");
    }
    return new CacheNumbers(
        kind,
        number(entries, "threshold"),
        number(entries, "keep"),
        whole(entries, "first"),
        whole(entries, "last"),
        whole(entries, "most"),
        experts.equals("low"),
        numbers(entries, "prompt"),
        numbers(entries, "without"),
        numbers(entries, "coefficients"));
  }

  private static double number(Map<String, String> entries, String name) {
    return number(entries.getOrDefault(name, "0"), name);
  }

  private static double number(String text, String name) {
    try {
      return Double.parseDouble(text.strip());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "step cache: " + name + " holds '" + shortened(text) + "', which is no number", e);
    }
  }

  private static int whole(Map<String, String> entries, String name) {
    double value = number(entries, name);
    if (value != Math.rint(value) || Math.abs(value) > MOST_NUMBERS) {
      throw problem(name + " is " + value + "; expected a whole number");
    }
    return (int) value;
  }

  private static List<Double> numbers(Map<String, String> entries, String name) {
    List<Double> list = new ArrayList<>();
    if (entries.containsKey(name)) {
      for (String text : entries.get(name).split(",", -1)) {
        list.add(number(text, name));
      }
    }
    return list;
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }

  /** The same with another threshold. */
  public CacheNumbers withThreshold(double other) {
    return new CacheNumbers(
        kind, other, keep, first, last, most, lowNoiseOnly, prompt, without, coefficients);
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(kind.id());
    add(text, "threshold", plain(threshold), true);
    add(text, "keep", plain(keep), keep > 0);
    add(text, "first", plain(first), first > 0);
    add(text, "last", plain(last), last > 0);
    add(text, "most", plain(most), most > 0);
    add(text, "experts", "low", lowNoiseOnly);
    add(text, "prompt", joined(prompt), !prompt.isEmpty());
    add(text, "without", joined(without), !without.isEmpty());
    add(text, "coefficients", joined(coefficients), !coefficients.isEmpty());
    return text.toString();
  }

  private static void add(StringBuilder text, String name, String value, boolean wanted) {
    if (wanted) {
      text.append(';').append(name).append('=').append(value);
    }
  }

  private static String joined(List<Double> values) {
    return values.stream().map(CacheNumbers::plain).collect(Collectors.joining(","));
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}
