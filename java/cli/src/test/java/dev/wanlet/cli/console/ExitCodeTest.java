// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.wanlet.base.HostMemoryException;
import dev.wanlet.ggml.DeviceMemoryException;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.GgmlException;
import dev.wanlet.ggml.ShapeException;
import dev.wanlet.wan.catalog.ModelFilesException;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.MediaException;
import dev.wanlet.wan.media.OutputException;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ExitCodeTest {
  private static final Path FILE = Path.of("a.gguf");

  static Stream<Arguments> failures() {
    return Stream.of(
        arguments(new OutputException("no"), 2),
        arguments(new RequestException("no"), 2),
        arguments(new ModelFilesException("no VAE"), 3),
        arguments(new NoSuchFileException("a"), 3),
        arguments(new WeightFormatException(FILE, "damaged"), 3),
        arguments(new MediaException(FILE, "damaged"), 3),
        arguments(new UncheckedIOException(new IOException("read error")), 3),
        arguments(new DeviceMemoryException("CPU", 10, 5), 4),
        arguments(new GgmlException(ErrorCode.OUT_OF_MEMORY, "no"), 4),
        arguments(new HostMemoryException("no", null), 4),
        arguments(new OutOfMemoryError("Java heap space"), 4),
        arguments(new GgmlException(ErrorCode.DEVICE_NOT_FOUND, "no"), 5),
        arguments(new GgmlException(ErrorCode.DEVICE_FAILED, "no"), 5),
        arguments(new GgmlException(ErrorCode.UNSUPPORTED, "no"), 5),
        arguments(new UnsatisfiedLinkError("no library"), 5),
        arguments(new GgmlException(ErrorCode.ABORTED, "stopped"), 130),
        arguments(new SamplingCancelledException(1, 2), 130),
        arguments(new ExecutionException(new NoSuchFileException("a")), 3),
        arguments(new GgmlException(ErrorCode.INTERNAL, "no"), 1),
        arguments(new ShapeException("not the user's fault"), 1),
        arguments(new IllegalArgumentException("nor this"), 1),
        arguments(new NoClassDefFoundError("a broken build"), 1),
        arguments(new NullPointerException(), 1));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void everyFailureHasItsCode(Throwable failure, int code) {
    assertThat(ExitCode.of(failure)).isEqualTo(code);
  }
}
