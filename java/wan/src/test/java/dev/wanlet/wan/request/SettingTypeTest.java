// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.nn.Precision;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SettingTypeTest {
  private static final SettingType<Precision> CHOICE = SettingType.choice(Precision.class);

  private static <T> void readsBack(SettingType<T> type, T value) {
    assertThat(type.parser().apply(type.storedForm().apply(value).toString())).isEqualTo(value);
  }

  @Test
  void theStoredFormIsReadBack() {
    readsBack(SettingType.TEXT, " a\nb ");
    readsBack(SettingType.INTEGER, -3);
    readsBack(SettingType.LONG, Long.MAX_VALUE);
    readsBack(SettingType.DOUBLE, 1e-7);
    readsBack(SettingType.FILE, Path.of("/a/b"));
    readsBack(SettingType.BYTES, ByteSize.parse("6GiB"));
    readsBack(CHOICE, Precision.F32);
    assertThat(CHOICE.storedForm().apply(Precision.F32)).isEqualTo("f32");
  }

  @Test
  void filesAreStoredForAnyWorkingDirectory() {
    Path here = Path.of("").toAbsolutePath();
    assertThat(SettingType.FILE.storedForm().apply(Path.of("a/../b")))
        .isEqualTo(here.resolve("b").toString());
  }

  @Test
  void autoIsNoSize() {
    assertThat(SettingType.BYTES.parser().apply(" Auto")).isNull();
  }

  @Test
  void whatCannotBeReadIsQuoted() {
    assertThatThrownBy(() -> SettingType.INTEGER.parser().apply("1.5"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'1.5' is not an int");
    assertThatThrownBy(() -> CHOICE.parser().apply("f64"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("expected one of [AUTO, F32] (case-insensitive) but was 'f64'");
  }
}
