// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.memory.ByteSize;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.BinaryOperator;
import java.util.function.Function;

/**
 * How values of a setting are written: as text on a command line or in a saved run, and as a JSON
 * value in a clip. Reading the stored form's text gives an equal value. Immutable.
 *
 * @param javaType class of the values
 * @param parser reads text; throws an {@link IllegalArgumentException} whose message quotes it;
 *     null stands for no value
 * @param storedForm what is stored: a string, a number or a boolean; of a setting that may be given
 *     often a list of such
 * @param toldForm what a clip tells of it, which goes where the clip goes: as what is stored, but
 *     of a file its name without the folders it lies in
 * @param joined the value of two occurrences of a setting that may be given often; null for others
 */
public record SettingType<T>(
    Class<T> javaType,
    Function<String, T> parser,
    Function<T, Object> storedForm,
    Function<T, Object> toldForm,
    BinaryOperator<T> joined) {
  /** A type of one value, which names no file. */
  public SettingType(
      Class<T> javaType, Function<String, T> parser, Function<T, Object> storedForm) {
    this(javaType, parser, storedForm, storedForm, null);
  }

  /** Whether values name files. */
  public boolean namesFiles() {
    return toldForm != storedForm;
  }

  /** Whether the setting may be given often. */
  public boolean isRepeatable() {
    return joined != null;
  }

  /**
   * The value of what was stored.
   *
   * @param stored a value, or a list of them
   * @throws IllegalArgumentException if one cannot be read; null stands for no value
   */
  public T restored(Object stored) {
    if (!isRepeatable() || !(stored instanceof List<?> values)) {
      return parser.apply(stored.toString());
    }
    return values.stream().map(v -> parser.apply(String.valueOf(v))).reduce(joined).orElse(null);
  }

  public static final SettingType<String> TEXT =
      new SettingType<>(String.class, text -> text, text -> text);

  public static final SettingType<Integer> INTEGER =
      number(Integer.class, "an int", Integer::valueOf);

  public static final SettingType<Long> LONG = number(Long.class, "a long", Long::valueOf);

  public static final SettingType<Double> DOUBLE =
      number(Double.class, "a double", Double::valueOf);

  /** A file or folder; stored so that it is found from any working directory. */
  public static final SettingType<Path> FILE =
      new SettingType<>(
          Path.class,
          Path::of,
          p -> p.toAbsolutePath().normalize().toString(),
          SettingType::name,
          null);

  private static Object name(Path file) {
    Path name = file.toAbsolutePath().normalize().getFileName();
    return (name == null ? file : name).toString();
  }

  /** A size in bytes, such as {@code 6GiB}; {@code auto} stands for no value. */
  public static final SettingType<ByteSize> BYTES =
      new SettingType<>(
          ByteSize.class,
          text -> text.strip().equalsIgnoreCase("auto") ? null : ByteSize.parse(text),
          ByteSize::bytes);

  /** One of an enum's constants, read in any case and stored in lower case. */
  public static <E extends Enum<E>> SettingType<E> choice(Class<E> constants) {
    return new SettingType<>(
        constants,
        text -> constant(constants, text),
        constant -> constant.name().toLowerCase(Locale.ROOT));
  }

  private static <E extends Enum<E>> E constant(Class<E> constants, String text) {
    E[] all = constants.getEnumConstants();
    for (E constant : all) {
      if (constant.name().equalsIgnoreCase(text)) {
        return constant;
      }
    }
    throw new IllegalArgumentException(
        "expected one of " + Arrays.toString(all) + " (case-insensitive) but was '" + text + "'");
  }

  private static <N extends Number> SettingType<N> number(
      Class<N> type, String what, Function<String, N> parser) {
    return new SettingType<>(
        type,
        text -> {
          try {
            return parser.apply(text);
          } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is not " + what, e);
          }
        },
        value -> value);
  }
}
