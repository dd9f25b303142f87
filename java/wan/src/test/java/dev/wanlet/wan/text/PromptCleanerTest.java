// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromptCleanerTest {
  static Stream<Arguments> prompts() {
    return Stream.of(
        Arguments.of("  a  red\t\nfox \u00a0\u3000 runs  ", "a red fox runs"),
        Arguments.of("\u201cIt\u2019s a \u2018test\u2019\u201d", "\"It's a 'test'\""),
        Arguments.of("\ufb01ne \ufb02ow \u0133s \ufb03", "fine flow ijs ffi"),
        Arguments.of("\uff21\uff22\uff23\uff0c\uff11", "ABC,1"),
        Arguments.of("\uff76\uff9e", "\u30ac"),
        Arguments.of("e\u0301 \u212b", "\u00e9 \u00c5"),
        Arguments.of("a\u0000b\u0007c\u007fd\ufeffe\u206af", "abcdef"),
        Arguments.of("x\u001b[31;1mred\u001b[0m", "xred"),
        Arguments.of("one\u2028two\u0085three\r\nfour", "one two\u2026three four"),
        Arguments.of("Tom &amp; Jerry &lt;3", "Tom & Jerry <3"),
        Arguments.of("&amp;amp;amp; deep", "& deep"),
        Arguments.of("caf&eacute; &#233; &#xE9; &hellip;", "caf\u00e9 \u00e9 \u00e9 \u2026"),
        Arguments.of("&rsquo;n&#146;t &apos;q&apos;", "'n't 'q'"),
        Arguments.of("<b> &amp;amp;amp;", "<b> &amp;"),
        Arguments.of("<b> &copy 2026 &eacute", "<b> \u00a9 2026 \u00e9"),
        Arguments.of("AT&T & co &nosuch; &# &#x; &#;", "AT&T & co &nosuch; &# &#x; &#;"),
        Arguments.of("&#0;&#xD800;&#1114112;&#99999999999999999999;", "\ufffd\ufffd\ufffd\ufffd"),
        Arguments.of("a&#1;b&#xfdd0;c&#x1fffe;d", "abcd"),
        Arguments.of(
            "\ud83d\udc08 \u4e00\u53ea\u732b\uff0c \u0645\u0631\u062d\u0628\u0627",
            "\ud83d\udc08 \u4e00\u53ea\u732b, \u0645\u0631\u062d\u0628\u0627"),
        Arguments.of(
            "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67",
            "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67"));
  }

  @ParameterizedTest
  @MethodSource("prompts")
  void cleansAsTheReferenceDoes(String prompt, String cleaned) {
    assertThat(PromptCleaner.clean(prompt)).isEqualTo(cleaned);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t\r\n\u00a0\u3000\u2003", "\u0000\u0001\ufeff"})
  void promptsWithoutTextBecomeEmpty(String prompt) {
    assertThat(PromptCleaner.clean(prompt)).isEmpty();
  }

  @Test
  void loneSurrogatesBecomeReplacementCharacters() {
    assertThat(PromptCleaner.clean("a\ud83db\udc08")).isEqualTo("a\ufffdb\ufffd");
  }

  @Test
  void cleaningCleanTextChangesNothing() {
    String prompt =
        "A small red boat, \"35mm film\", \u4e00\u53ea\u5c0f\u732b \ud83d\udc08 & more <tag>";
    assertThat(PromptCleaner.clean(prompt)).isEqualTo(prompt);
  }

  @Test
  void nestedEntitiesDoNotTakeForever() {
    String cleaned = PromptCleaner.clean("&" + "amp;".repeat(100_000) + " fox");
    assertThat(cleaned).startsWith("&amp;").endsWith(" fox").hasSizeLessThan(400_000);
  }
}
