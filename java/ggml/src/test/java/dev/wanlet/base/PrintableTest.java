// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrintableTest {
  @Test
  void plainTextStays() {
    assertThat(Printable.text("blocks.0.self_attn.q.weight"))
        .isEqualTo("blocks.0.self_attn.q.weight");
    assertThat(Printable.message("/models/Füchse im Schnee 狐/a.gguf: damaged"))
        .isEqualTo("/models/Füchse im Schnee 狐/a.gguf: damaged");
  }

  @Test
  void escapeSequencesAndLineEndsAreShown() {
    assertThat(Printable.text("a\u001b[2J\rwanlet: done\n\t\u009b1m\u0000"))
        .isEqualTo("a\\u001b[2J\\rwanlet: done\\n\\t\\u009b1m\\u0000");
    assertThat(Printable.text("a\u2028b\u2029c\u0085d")).isEqualTo("a\\u2028b\\u2029c\\u0085d");
  }

  @Test
  void marksThatTurnTextAroundAreShown() {
    assertThat(Printable.text("gpj\u202eexe\u2066\u200f\ufeff"))
        .isEqualTo("gpj\\u202eexe\\u2066\\u200f\\ufeff");
    assertThat(Printable.text("\udb40\udc41 \ud83d!")).isEqualTo("\\U000e0041 \\ud83d!");
  }

  @Test
  void joinersOfScriptsAndEmojiStay() {
    String family = "\ud83d\udc69\u200d\ud83d\udc67 \u0645\u06cc\u200c\u062e";
    assertThat(Printable.text(family)).isEqualTo(family);
  }

  @Test
  void longNamesLoseTheirMiddle() {
    String name = Printable.name("head" + "x".repeat(60_000) + "tail");
    assertThat(name).startsWith("headxx").endsWith("xxtail").contains("60008 characters");
    assertThat(name).hasSizeLessThanOrEqualTo(160);
    assertThat(Printable.name("\ud83d\udc69".repeat(500)).codePoints())
        .noneMatch(c -> Character.getType(c) == Character.SURROGATE);
  }

  @Test
  void messagesKeepTheirWordsAroundALongName() {
    String message = Printable.message("tensor '" + "x".repeat(60_000) + "' is there twice");
    assertThat(message)
        .startsWith("tensor 'xx")
        .endsWith("xx' is there twice")
        .hasSizeLessThan(400);
    assertThat(Printable.message("a b ".repeat(10_000))).hasSizeLessThanOrEqualTo(3000);
  }

  @Test
  void doneTwiceIsDoneOnce() {
    String once = Printable.message("a\u001b" + "x\u202e".repeat(9000) + " end");
    assertThat(Printable.message(once)).isEqualTo(once);
  }
}
