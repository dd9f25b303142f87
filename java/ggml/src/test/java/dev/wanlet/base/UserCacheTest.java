// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the paths are those of Unix")
class UserCacheTest {
  @Test
  void ownVariableComesFirst() {
    Map<String, String> all =
        Map.of("WANLET_CACHE", "/own", "XDG_CACHE_HOME", "/xdg", "HOME", "/h");
    assertThat(linux(all)).isEqualTo(Path.of("/own"));
    assertThat(linux(Map.of("WANLET_CACHE", "here"))).isEqualTo(Path.of("here").toAbsolutePath());
  }

  @Test
  void xdgIsFollowedWhereItIsAbsolute() {
    assertThat(linux(Map.of("XDG_CACHE_HOME", "/xdg", "HOME", "/h")))
        .isEqualTo(Path.of("/xdg/wanlet"));
    assertThat(linux(Map.of("XDG_CACHE_HOME", "rel", "HOME", "/h")))
        .isEqualTo(Path.of("/h/.cache/wanlet"));
  }

  @Test
  void homeIsTheShellsAndElseTheSystems() {
    assertThat(linux(Map.of("WANLET_CACHE", "", "XDG_CACHE_HOME", "", "HOME", "/h")))
        .isEqualTo(Path.of("/h/.cache/wanlet"));
    assertThat(linux(Map.of("HOME", ""))).isEqualTo(Path.of("/home/u/.cache/wanlet"));
    assertThat(linux(Map.of())).isEqualTo(Path.of("/home/u/.cache/wanlet"));
  }

  @Test
  void otherSystemsHaveTheirOwnPlaces() {
    assertThat(root(Map.of("HOME", "/h"), "Mac OS X", "/home/u"))
        .isEqualTo(Path.of("/h/Library/Caches/wanlet"));
    assertThat(root(Map.of("LOCALAPPDATA", "/local"), "Windows 11", "/home/u"))
        .isEqualTo(Path.of("/local/wanlet"));
  }

  @Test
  void aUserWithoutHomeIsToldWhatToSet() {
    assertThatThrownBy(() -> root(Map.of(), "Linux", "?"))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("set WANLET_CACHE");
  }

  private static Path linux(Map<String, String> environment) {
    return root(environment, "Linux", "/home/u");
  }

  private static Path root(Map<String, String> environment, String os, String home) {
    Properties system = new Properties();
    system.setProperty("os.name", os);
    system.setProperty("user.home", home);
    return UserCache.root(environment::get, system);
  }
}
