// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.wan.catalog.FrameSize;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AspectTest {
  private static final ModelDefaults WAN_14B = ModelCatalog.standard().require("wan2.1-t2v-14b");

  @ParameterizedTest
  @CsvSource({
    "16:9, 399360, 832x480",
    "9:16, 399360, 480x832",
    "16:9, 921600, 1280x720",
    "1:1, 399360, 624x624",
    "4:3, 399360, 736x544",
    "16:9, 130560, 480x272"
  })
  void sizesAreThoseOfTheModelOrAsNearAsTokensAllow(String aspect, long pixels, String size) {
    assertThat(Aspect.parse(aspect).size(pixels, WAN_14B)).isEqualTo(FrameSize.parse(size));
  }

  @Test
  void theDemoModelHasItsOwnSizes() {
    ModelDefaults demo = ModelCatalog.standard().require(ModelCatalog.DEMO);
    assertThat(new Aspect(1, 1).size(4096, demo)).isEqualTo(new FrameSize(64, 64));
    assertThat(new Aspect(16, 9).size(3840, demo)).isEqualTo(new FrameSize(80, 48));
  }

  @ParameterizedTest
  @ValueSource(strings = {"wide", "16", "16:0", "9:1", "-1:1", ""})
  void otherTextsAreRefused(String text) {
    assertThatThrownBy(() -> Aspect.parse(text))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("16:9");
  }
}
