// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.console.TerminalPictures.Protocol;
import dev.wanlet.cli.console.TerminalPictures.Shown;
import dev.wanlet.wan.media.RgbFrame;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pictures for terminals of each kind. */
class TerminalPicturesTest {
  /** Left half red, right half blue. */
  private static RgbFrame picture(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    for (int i = 0; i < width * height; i++) {
      rgb[3 * i + (i % width < width / 2 ? 0 : 2)] = (byte) 255;
    }
    return new RgbFrame(width, height, rgb);
  }

  @ParameterizedTest
  @CsvSource({
    "xterm-kitty, '', KITTY",
    "xterm-256color, ghostty, KITTY",
    "xterm-256color, iTerm.app, ITERM",
    "xterm-256color, WezTerm, ITERM",
    "foot, '', SIXEL",
    "xterm-256color, '', BLOCKS",
    "screen-256color, iTerm.app, BLOCKS"
  })
  void theEnvironmentTellsWhatATerminalTakes(String term, String program, Protocol expected) {
    Map<String, String> environment = Map.of("TERM", term, "TERM_PROGRAM", program);
    assertThat(TerminalPictures.protocol(environment::get)).isEqualTo(expected);
  }

  @Test
  void blocksHaveTwoPixelsEach() {
    Shown shown = TerminalPictures.of(picture(144, 72), Protocol.BLOCKS);
    String[] lines = shown.text().split("\n");
    assertThat(lines).hasSize(shown.rows()).hasSize(18);
    assertThat(lines[0].chars().filter(c -> c == '\u2580').count()).isEqualTo(72);
    assertThat(lines[0])
        .startsWith("\033[38;2;255;0;0;48;2;255;0;0m\u2580")
        .endsWith("\033[38;2;0;0;255;48;2;0;0;255m\u2580\033[0m");
  }

  @Test
  void kittyGetsThePictureInChunks() throws IOException {
    RgbFrame noisy = picture(300, 300);
    new java.util.Random(1).nextBytes(noisy.rgb24());
    Shown shown = TerminalPictures.of(noisy, Protocol.KITTY);
    StringBuilder data = new StringBuilder();
    String[] chunks = shown.text().strip().split("\033\\\\");
    assertThat(chunks[0]).startsWith("\033_Ga=T,f=100,i=1,p=1,q=2,c=40,r=20,m=1;");
    for (int i = 0; i < chunks.length; i++) {
      String chunk = chunks[i].substring(chunks[i].indexOf(';') + 1);
      assertThat(chunk.length()).isLessThanOrEqualTo(4096);
      assertThat(chunks[i]).contains(i + 1 < chunks.length ? "m=1;" : "m=0;");
      data.append(chunk);
    }
    byte[] png = Base64.getDecoder().decode(data.toString());
    assertThat(ImageIO.read(new ByteArrayInputStream(png)).getWidth()).isEqualTo(300);
  }

  @Test
  void itermGetsTheWholePicture() throws IOException {
    String text = TerminalPictures.of(picture(16, 8), Protocol.ITERM).text();
    assertThat(text)
        .startsWith("\033]1337;File=inline=1;width=72;height=18;preserveAspectRatio=1:")
        .contains("\007");
    byte[] png =
        Base64.getDecoder().decode(text.substring(text.indexOf(':') + 1, text.indexOf('\007')));
    assertThat(ImageIO.read(new ByteArrayInputStream(png)).getHeight()).isEqualTo(8);
  }

  @Test
  void sixelsHaveRunsOfColours() {
    Shown shown = TerminalPictures.of(picture(16, 8), Protocol.SIXEL);
    assertThat(shown.rows()).isZero();
    // 72 * 8 columns in two halves: 180 is red, 5 is blue; six rows a line.
    assertThat(shown.text())
        .startsWith("\033Pq#0;2;0;0;0")
        .contains("#5!288?!288~$#180!288~!288?$-")
        .endsWith("\033\\\n");
  }
}
