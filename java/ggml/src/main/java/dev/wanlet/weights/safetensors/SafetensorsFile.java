// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.safetensors;

import dev.wanlet.weights.FileSource;
import dev.wanlet.weights.MappedFile;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;

/**
 * A safetensors file, memory-mapped. Owner: close it when its tensors are no longer used.
 *
 * <p>Thread-safe for reading; close only when no other thread reads.
 */
public final class SafetensorsFile extends FileSource {
  private final SafetensorsParser.Header header;

  private SafetensorsFile(MappedFile file, SafetensorsParser.Header header) {
    super(file, header.tensors());
    this.header = header;
  }

  /**
   * Opens a file and checks its whole header; tensor data is not read.
   *
   * @throws WeightFormatException if it is not safetensors, damaged or truncated
   * @throws IOException if it cannot be opened
   */
  public static SafetensorsFile open(Path path) throws IOException {
    return open(MappedFile.open(path));
  }

  /** Takes over {@code file}; closes it on failure. */
  static SafetensorsFile open(MappedFile file) throws WeightFormatException {
    try {
      return new SafetensorsFile(file, SafetensorsParser.parse(file));
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  @Override
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(header.metadata());
  }

  @Override
  public Map<String, String> passedOver() {
    return Collections.unmodifiableMap(header.passedOver());
  }
}
