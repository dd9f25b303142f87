// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.demo.DemoModel;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No command replaces what it reads, whatever name it has. */
class KeptInputsTest {
  @TempDir private Path folder;
  private Path photo;
  private byte[] before;

  @BeforeEach
  void draw() throws IOException {
    photo = folder.resolve("photo.png");
    ImageIO.write(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB), "png", photo.toFile());
    before = Files.readAllBytes(photo);
  }

  private CommandRun generate(Object... options) {
    List<String> args = new ArrayList<>(List.of("generate", "-p", "a red circle", "-t", "1"));
    args.addAll(List.of("--device", "CPU", "--steps", "2", "-s", "1", "--no-prompt-cache"));
    for (Object option : options) {
      args.add(option.toString());
    }
    return CommandRun.of(args.toArray(String[]::new));
  }

  private void assertRefused(CommandRun run, String... words) {
    assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains(words).doesNotContain("plan: peak");
    assertThat(photo).hasBinaryContent(before);
  }

  @Test
  void aPreviewDoesNotReplaceThePicture() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link.png"), photo);
    Path clip = folder.resolve("clip.gif");
    for (Path preview :
        List.of(photo, folder.resolve("../" + folder.getFileName() + "/photo.png"), link)) {
      CommandRun run =
          generate(
              "-i", photo, "--strength", "0.8", "--frames", "5", "-o", clip, "--preview", preview);
      assertRefused(run, "is the file of --init-img", "give --preview another name");
    }
    assertThat(clip).doesNotExist();
  }

  @Test
  void aPreviewBehindALinkIsNotTheClip() throws IOException {
    Path clip = folder.resolve("clip.gif");
    Path link = Files.createSymbolicLink(folder.resolve("link.gif"), clip); // leads nowhere yet
    assertRefused(generate("--frames", "5", "-o", clip, "--preview", link), "is the clip itself");
    Path pattern = folder.resolve("frame_%04d.png");
    Path second = folder.resolve("frame_0002.png");
    assertRefused(generate("--frames", "5", "-o", pattern, "--preview", second), "the clip itself");
  }

  @Test
  void theClipDoesNotReplaceThePictureOrTheVideo() throws IOException {
    Path made = folder.resolve("made.gif");
    CommandRun run = generate("--frames", "5", "-o", made);
    assertThat(run.code()).as(run.err()).isZero();
    byte[] video = Files.readAllBytes(made);
    Path link = Files.createSymbolicLink(folder.resolve("link.gif"), made);
    for (Path output : List.of(made, link)) {
      CommandRun refused = generate("--init-video", made, "--strength", "0.5", "-o", output);
      assertRefused(refused, "is the file of --init-video", "give -o another name");
    }
    assertThat(made).hasBinaryContent(video);
    assertRefused(
        generate("-i", photo, "--strength", "0.8", "--frames", "1", "-o", photo),
        "is the file of --init-img");
    // Of several frames none has the name itself.
    CommandRun several = generate("-i", photo, "--strength", "0.8", "--frames", "5", "-o", photo);
    assertThat(several.code()).as(several.err()).isZero();
    assertThat(photo).hasBinaryContent(before);
  }

  @Test
  void aFileOfTheModelIsNotReplaced() throws IOException {
    Path vae =
        Files.copy(
            DemoModel.directory().resolve("Wan2.1_VAE.safetensors"),
            folder.resolve("Wan2.1_VAE.safetensors"));
    byte[] weights = Files.readAllBytes(vae);
    Path link = Files.createSymbolicLink(folder.resolve("clip.mp4"), vae);
    assertRefused(generate("--vae", vae, "-o", link), "is the file of the model's VAE");
    assertThat(vae).hasBinaryContent(weights);
  }
}
