// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.ErrorCode;
import dev.wanlet.ggml.TensorType;
import dev.wanlet.weights.gguf.GgufLayout;
import dev.wanlet.weights.gguf.GgufType;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Java's numbers are the native ones: {@code jni_constants.cpp} compares its list with ggml's
 * headers while it compiles, and this test compares the list with Java.
 */
class ConstantsTest {
  @Test
  void javaAndNativeConstantsAreTheSame() throws IllegalAccessException {
    Map<String, Long> java = new TreeMap<>();
    for (TensorType type : TensorType.values()) {
      java.put("TensorType." + type, (long) type.id());
    }
    for (GgufType type : GgufType.values()) {
      java.put("GgufType." + type, (long) type.id());
    }
    putOrdinals(java, Device.Kind.values());
    putOrdinals(java, ErrorCode.values());
    putNumbers(java, GgmlJni.class);
    putNumbers(java, MappedFileJni.class);
    java.put("GgufLayout.VERSION", (long) GgufLayout.VERSION);
    java.put("GgufLayout.DEFAULT_ALIGNMENT", (long) GgufLayout.DEFAULT_ALIGNMENT);

    Map<String, Long> ofNative =
        new String(GgmlJni.constants(), StandardCharsets.UTF_8)
            .lines()
            .map(line -> line.split(" "))
            .collect(Collectors.toMap(words -> words[0], words -> Long.valueOf(words[1])));

    assertThat(new TreeMap<>(ofNative)).isEqualTo(java);
  }

  private static void putOrdinals(Map<String, Long> into, Enum<?>[] constants) {
    for (Enum<?> constant : constants) {
      into.put(
          constant.getDeclaringClass().getSimpleName() + "." + constant, (long) constant.ordinal());
    }
  }

  private static void putNumbers(Map<String, Long> into, Class<?> owner)
      throws IllegalAccessException {
    for (Field field : owner.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers()) && field.getType() == int.class) {
        into.put(owner.getSimpleName() + "." + field.getName(), (long) field.getInt(null));
      }
    }
  }
}
