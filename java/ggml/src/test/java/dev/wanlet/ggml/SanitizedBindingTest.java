// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whether what the Maven profile asan runs under AddressSanitizer does; left out elsewhere. */
@Tag("asan")
class SanitizedBindingTest {
  @Test
  void theSanitizersAreLoadedAndTheBindingIsTheOneBuiltForThem() throws IOException {
    assertThat(Ggml.libraryDirectory().toString()).endsWith("build/asan/lib");
    assertThat(Files.readString(Path.of("/proc/self/maps")))
        .contains("libasan.so", "libubsan.so", "build/asan/lib/libwanlet_jni.so");
  }
}
