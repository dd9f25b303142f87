// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.LoggedText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What a run tells of a prompt or a size that the model cannot take as it is. */
class SaidBeforehandTest {
  @TempDir private Path folder;
  @RegisterExtension final LoggedText logged = new LoggedText();

  private List<String> warnings(String... options) {
    List<String> words = new ArrayList<>(List.of("generate", "--dry-run", "--device", "CPU"));
    words.addAll(List.of("-o", folder.resolve("clip.mp4").toString()));
    words.addAll(List.of(options));
    CommandRun run = CommandRun.of(words.toArray(String[]::new));
    assertThat(run.code()).as(run.err()).isZero();
    return logged.text().lines().filter(l -> l.contains("warning: ")).toList();
  }

  @Test
  void whatTheModelKnowsNeedsNoWord() {
    assertThat(warnings("-p", "a red circle moving left on a black background")).isEmpty();
  }

  @Test
  void aPromptThatIsCutIsSaidWithTheFirstWordsLeftOut() {
    assertThat(
            warnings("-p", "a red circle " + "moving left ".repeat(400) + "on a navy background"))
        .singleElement()
        .asString()
        .contains("tokens is cut to 512", "left out from here: ");
  }

  @Test
  void sizesAndWordsThatTheDemoModelHasNotSeenAreSaid() {
    assertThat(warnings("-p", "a red fox", "--size", "256x256"))
        .satisfiesExactly(
            size -> assertThat(size).contains("tiny-wan was trained at 64x64", "256x256"),
            words -> assertThat(words).contains("does not know fox"));
  }
}
