// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** A view on other sources with its own table of names; owns and closes them. */
public final class CompositeSource implements WeightSource {
  private final String description;
  private final List<WeightSource> parts;
  private final Map<String, WeightTensor> tensors;
  private final Map<String, String> passedOver;

  private CompositeSource(
      String description,
      List<WeightSource> parts,
      Map<String, WeightTensor> tensors,
      Map<String, String> passedOver) {
    this.description = description;
    this.parts = List.copyOf(parts);
    this.tensors = Collections.unmodifiableMap(tensors);
    this.passedOver = Collections.unmodifiableMap(passedOver);
  }

  static WeightSource union(List<? extends WeightSource> parts) throws WeightFormatException {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("a union needs at least one source");
    }
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    for (WeightSource part : parts) {
      for (WeightTensor tensor : part.tensors()) {
        WeightTensor other = tensors.putIfAbsent(tensor.name(), tensor);
        if (other != null) {
          throw new WeightFormatException(
              tensor.file(),
              "tensor '" + tensor.name() + "' is also in " + other.file() + "; give only one");
        }
      }
    }
    return of(describe(parts), List.copyOf(parts), tensors);
  }

  static WeightSource overlay(WeightSource first, List<WeightSource> later) {
    List<WeightSource> parts = new ArrayList<>();
    parts.add(first);
    parts.addAll(later);
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    for (WeightSource part : parts) {
      for (WeightTensor tensor : part.tensors()) {
        tensors.put(tensor.name(), tensor);
      }
    }
    return of(describe(parts), parts, tensors);
  }

  static WeightSource renamed(WeightSource source, UnaryOperator<String> rename)
      throws WeightFormatException {
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    Map<String, String> unread = new LinkedHashMap<>();
    source.passedOver().forEach((name, form) -> unread.put(rename.apply(name), form));
    Map<String, String> origin = new LinkedHashMap<>();
    for (WeightTensor tensor : source.tensors()) {
      String name = rename.apply(tensor.name());
      if (tensors.putIfAbsent(name, tensor.withName(name)) != null) {
        throw new WeightFormatException(
            tensor.file(),
            String.format(
                "tensors '%s' and '%s' are both '%s' to the model; the file holds it twice",
                origin.get(name), tensor.name(), name));
      }
      origin.put(name, tensor.name());
    }
    return new CompositeSource(source.description(), List.of(source), tensors, unread);
  }

  static WeightSource filtered(WeightSource source, Predicate<String> names) {
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    for (WeightTensor tensor : source.tensors()) {
      if (names.test(tensor.name())) {
        tensors.put(tensor.name(), tensor);
      }
    }
    Map<String, String> unread = new LinkedHashMap<>(source.passedOver());
    unread.keySet().removeIf(names.negate());
    return new CompositeSource(source.description(), List.of(source), tensors, unread);
  }

  /**
   * A view on parts that shows these tensors of theirs, such as those a checkpoint's index lists.
   */
  public static WeightSource of(
      String description, List<WeightSource> parts, Map<String, WeightTensor> tensors) {
    Map<String, String> unread = new LinkedHashMap<>();
    parts.forEach(part -> unread.putAll(part.passedOver()));
    return new CompositeSource(description, parts, tensors, unread);
  }

  private static String describe(List<? extends WeightSource> parts) {
    return parts.stream().map(WeightSource::description).collect(Collectors.joining(" + "));
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public List<Path> files() {
    return parts.stream().flatMap(part -> part.files().stream()).toList();
  }

  @Override
  public Collection<WeightTensor> tensors() {
    return tensors.values();
  }

  @Override
  public Optional<WeightTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  @Override
  public Map<String, String> passedOver() {
    return passedOver;
  }

  @Override
  public Map<String, String> metadata() {
    Map<String, String> metadata = new LinkedHashMap<>();
    parts.forEach(part -> metadata.putAll(part.metadata()));
    return Collections.unmodifiableMap(metadata);
  }

  @Override
  public void close() {
    parts.forEach(WeightSource::close);
  }

  @Override
  public String toString() {
    return description;
  }
}
