// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.safetensors;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.wanlet.base.JsonErrors;
import dev.wanlet.ggml.Shape;
import dev.wanlet.weights.JsonLimits;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads the header of a safetensors file. As the format demands, names are unique and the tensors
 * cover the data without overlaps or holes; everything is checked against the bytes that are there.
 * Confined to one thread.
 */
public final class SafetensorsParser {
  /** What the header says. */
  record Header(
      Map<String, String> metadata,
      Map<String, WeightTensor> tensors,
      Map<String, String> passedOver) {}

  /** Where a tensor is, from the beginning of the file; {@code tensor} is null if passed over. */
  private record Place(String name, long begin, long end, WeightTensor tensor) {}

  /** How the format's own types are written, those we do not read and those to come included. */
  private static final Pattern DTYPE = Pattern.compile("[A-Z][A-Z0-9_]{0,15}");

  public static final int LENGTH_BYTES = Long.BYTES;

  /** The limit of the format's reference reader. */
  public static final long MAX_HEADER_BYTES = 100_000_000;

  public static final String METADATA = "__metadata__";

  private final MappedFile file;
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, String> passedOver = new LinkedHashMap<>();
  private final List<Place> places = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private long dataStart;

  private SafetensorsParser(MappedFile file) {
    this.file = file;
  }

  static Header parse(MappedFile file) throws WeightFormatException {
    return new SafetensorsParser(file).parse();
  }

  private Header parse() throws WeightFormatException {
    if (file.length() < LENGTH_BYTES) {
      throw error(
          "truncated: %d bytes are too few for a safetensors file; download it again",
          file.length());
    }
    long headerLength = file.u64(0);
    long room = file.length() - LENGTH_BYTES;
    if (headerLength < 0 || headerLength > MAX_HEADER_BYTES) {
      throw error(
          "header length %s, expected at most %,d; this is not a safetensors file or it is damaged",
          Long.toUnsignedString(headerLength), MAX_HEADER_BYTES);
    }
    if (headerLength > room) {
      throw error(
          "truncated: the header takes %,d bytes, %,d are left; download the file again",
          headerLength, room);
    }
    dataStart = LENGTH_BYTES + headerLength;
    ByteBuffer header = file.window(LENGTH_BYTES, headerLength);
    if (headerLength == 0 || header.get(0) != '{') {
      throw error("the header is not a JSON object; this is not a safetensors file");
    }
    try (JsonParser json = JsonLimits.parser(header)) {
      json.nextToken();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        readEntry(json);
      }
      if (json.nextToken() != null) {
        throw error("there is something behind the header's JSON object");
      }
    } catch (WeightFormatException e) {
      throw e;
    } catch (IOException e) {
      throw new WeightFormatException(file.path(), "the header is " + JsonErrors.describe(e), e);
    }
    return new Header(metadata, inFileOrder(), passedOver);
  }

  private void readEntry(JsonParser json) throws IOException {
    String name = json.currentName();
    if (!names.add(name)) {
      throw error("'%s' is in the header twice; the file is damaged", name);
    }
    JsonToken value = json.nextToken();
    if (name.equals(METADATA) && value == JsonToken.VALUE_NULL) {
      return;
    }
    if (value != JsonToken.START_OBJECT) {
      throw error("'%s' is %s in the header, expected an object", name, value);
    }
    if (name.equals(METADATA)) {
      readMetadata(json);
    } else {
      readTensor(name, json);
    }
  }

  private void readMetadata(JsonParser json) throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      JsonToken value = json.nextToken();
      if (!value.isScalarValue() || value == JsonToken.VALUE_NULL) {
        // The format has text only; what hand-made files put here says nothing to us.
        json.skipChildren();
        continue;
      }
      if (metadata.putIfAbsent(key, json.getText()) != null) {
        throw error("metadata '%s' is there twice; the file is damaged", key);
      }
    }
  }

  private void readTensor(String name, JsonParser json) throws IOException {
    String dtype = null;
    long[] dims = null;
    long[] range = null;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      JsonToken token = json.nextToken();
      switch (field) {
        case "dtype" -> {
          if (token != JsonToken.VALUE_STRING || dtype != null) {
            throw error("tensor '%s': expected one dtype, a string", name);
          }
          dtype = json.getText();
        }
        case "shape" -> {
          if (dims != null) {
            throw error("tensor '%s' has two shapes", name);
          }
          dims = readNumbers(json, name, "shape");
        }
        case "data_offsets" -> {
          if (range != null) {
            throw error("tensor '%s' has two data_offsets", name);
          }
          range = readNumbers(json, name, "data_offsets");
        }
        default -> json.skipChildren();
      }
    }
    if (dtype == null || dims == null || range == null || range.length != 2) {
      throw error("tensor '%s': expected dtype, shape and two data_offsets", name);
    }
    places.add(place(name, dtype, dims, range[0], range[1]));
  }

  private long[] readNumbers(JsonParser json, String name, String field) throws IOException {
    long[] numbers = new long[WeightTensor.MAX_RANK];
    int count = 0;
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw error("tensor '%s': %s is not an array", name, field);
    }
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (count == numbers.length) {
        throw error("tensor '%s': %s has more than %d numbers", name, field, WeightTensor.MAX_RANK);
      }
      long number = JsonLimits.naturalNumber(json);
      if (number < 0) {
        throw error(
            "tensor '%s': %s holds %s, expected numbers from 0 to 2^63 - 1",
            name, field, json.getValueAsString("something else"));
      }
      numbers[count++] = number;
    }
    return Arrays.copyOf(numbers, count);
  }

  private Place place(String name, String dtype, long[] dims, long begin, long end)
      throws WeightFormatException {
    long room = file.length() - dataStart;
    if (begin > end || end > room) {
      throw error(
          "tensor '%s' is at bytes %,d to %,d of the data, which has %,d; the file is incomplete"
              + " or damaged, download it again",
          name, begin, end, room);
    }
    WeightTensor tensor = null;
    switch (dtype) {
      case "F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2" ->
          tensor = tensor(name, StoredType.valueOf(dtype), dims, begin, end);
      case "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL" ->
          tensor = tensor(name, StoredType.valueOf(dtype), dims, begin, end);
      default -> {
        if (!DTYPE.matcher(dtype).matches()) {
          throw error("tensor '%s' has a dtype that is no name of one", name);
        }
        passedOver.put(name, dtype);
      }
    }
    return new Place(name, dataStart + begin, dataStart + end, tensor);
  }

  private WeightTensor tensor(String name, StoredType type, long[] dims, long begin, long end)
      throws WeightFormatException {
    Shape shape;
    long bytes;
    try {
      shape = Shape.of(dims);
      bytes = type.bytes(shape);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw error(
          "tensor '%s' of type %s has the impossible shape %s: %s",
          name, type, Arrays.toString(dims), e.getMessage());
    }
    if (end - begin != bytes) {
      throw error(
          "tensor '%s' of type %s and shape %s takes %,d bytes, but its data_offsets span %,d",
          name, type, shape, bytes, end - begin);
    }
    return new WeightTensor(name, type, shape, shape, file, dataStart + begin);
  }

  private Map<String, WeightTensor> inFileOrder() throws WeightFormatException {
    places.sort(Comparator.comparingLong(Place::begin).thenComparingLong(Place::end));
    Map<String, WeightTensor> ordered = new LinkedHashMap<>();
    long end = dataStart;
    for (Place place : places) {
      if (place.begin != end) {
        throw error(
            "tensor '%s' starts at byte %,d, but the one before it ends at %,d: tensors overlap or"
                + " leave a hole; the file is damaged",
            place.name, place.begin - dataStart, end - dataStart);
      }
      end = place.end;
      if (place.tensor != null) {
        ordered.put(place.name, place.tensor);
      }
    }
    if (end != file.length()) {
      throw error(
          "the tensors end at byte %,d, but the file goes on to %,d; it is damaged",
          end, file.length());
    }
    return ordered;
  }

  private WeightFormatException error(String format, Object... arguments) {
    return new WeightFormatException(file.path(), String.format(format, arguments));
  }
}
