// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import dev.wanlet.ggml.Ggml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Owner: why a device is not there. Hears what ggml says while backends look for their devices, and
 * asks of each backend whether it loads. Thread-safe.
 */
final class MissingDevice implements AutoCloseable {
  private final Logger logger = Logger.getLogger("dev.wanlet.ggml");
  private final List<String> said = new ArrayList<>();
  private final Handler ear =
      new Handler() {
        @Override
        public void publish(LogRecord message) {
          synchronized (said) {
            said.add(message.getMessage());
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  /** Begins to hear. */
  MissingDevice() {
    logger.addHandler(ear);
  }

  /**
   * What keeps backends from showing a device.
   *
   * @param what what was found out already
   */
  String why(String what) {
    List<String> reasons = new ArrayList<>(List.of(what));
    try {
      Path folder = Ggml.libraryDirectory();
      Map<Path, String> foreign = Ggml.foreignBackends();
      List<Path> backends = backends(folder);
      if (backends.isEmpty()) {
        reasons.add("no backend of a graphics card is in " + folder);
      }
      for (Path backend : backends) {
        String problem =
            foreign.containsKey(backend)
                ? foreign.get(backend)
                : Ggml.backendProblem(backend).orElse("it loads");
        reasons.add(backend.getFileName() + ": " + problem);
      }
    } catch (IOException | LinkageError e) {
      reasons.add("backends cannot be asked: " + e);
    }
    synchronized (said) {
      said.stream().map(String::strip).distinct().forEach(reasons::add);
    }
    return String.join("; ", reasons);
  }

  private static List<Path> backends(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(f -> f.getFileName().toString().matches("libggml-(?!base|cpu).*\\.(so|dylib)"))
          .sorted()
          .toList();
    }
  }

  @Override
  public void close() {
    logger.removeHandler(ear);
  }
}
