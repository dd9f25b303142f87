// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.cli.CommandRun;
import dev.wanlet.cli.LoggedText;
import dev.wanlet.cli.console.ExitCode;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.FrameConversion;
import dev.wanlet.wan.media.RgbFrame;
import dev.wanlet.wan.media.fit.Fit;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.pipeline.RunCheckpoint;
import dev.wanlet.wan.quality.ReferenceMeasures;
import dev.wanlet.wan.request.SettingValues;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.cache.CacheKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A clip in full that begins with the frames of its draft. */
class FinishFromDraftTest {
  private static final String PROMPT = "a yellow star moving up on a navy background";

  @RegisterExtension final LoggedText logged = new LoggedText();

  @TempDir private Path folder;

  private static CommandRun run(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("-t", "1", "--device", "CPU", "--no-prompt-cache"));
    return CommandRun.of(all.toArray(String[]::new));
  }

  /** A draft of nine frames of 48x48. */
  private Path draft(String name, String... more) {
    Path draft = folder.resolve(name);
    List<String> args =
        new ArrayList<>(
            List.of("generate", "--recipe", "fast", "-p", PROMPT, "-s", "7", "-o", draft + ""));
    args.addAll(List.of("--size", "48x48"));
    args.addAll(more.length == 0 ? List.of("--frames=9") : List.of(more));
    CommandRun made = run(args.toArray(String[]::new));
    assertThat(made.code()).as(made.err()).isZero();
    return draft;
  }

  private static CommandRun finish(Path draft, Path output, String... more) {
    List<String> args = new ArrayList<>(List.of("finish", draft.toString(), "-o", output + ""));
    args.addAll(List.of("--size", "64x64", "--steps", "10"));
    args.addAll(List.of(more));
    return run(args.toArray(String[]::new));
  }

  private static CommandRun fromDraft(Path draft, Path output, String... more) {
    List<String> args = new ArrayList<>(List.of(more));
    args.add("--from-draft");
    return finish(draft, output, args.toArray(String[]::new));
  }

  private static double likeness(Path clip, Path draft) throws IOException {
    List<RgbFrame> drafted = VideoReader.readAll(draft);
    List<RgbFrame> frames = VideoReader.readAll(clip);
    ReferenceMeasures measures = new ReferenceMeasures();
    for (int i = 0; i < drafted.size(); i++) {
      RgbFrame to = drafted.get(i);
      float[] small = Fit.STRETCH.smoothFrame(frames.get(i), to.width(), to.height());
      byte[] rgb = FrameConversion.toRgb24(small, to.width(), to.height());
      measures.accept(new RgbFrame(to.width(), to.height(), rgb), to);
    }
    return measures.values().get("psnr").orElseThrow();
  }

  @Test
  void theClipKeepsWhatTheDraftShowsAndTellsWhatItWasMadeFrom() throws IOException {
    Path draft = draft("draft.gif");
    Path over = folder.resolve("over.gif");
    CommandRun run = fromDraft(draft, over);
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("the draft's recipe fast is left out", "9 frames, 6 steps", "--strength 0.6: ");
    VideoMetadata stored = VideoMetadata.read(over);
    assertThat(stored.setting("init-video")).contains("draft.gif");
    assertThat(stored.setting("strength")).contains(DraftStart.STRENGTH);
    assertThat(stored.setting("frames")).contains(9L);
    assertThat(stored.setting("width")).contains(64L);
    assertThat(stored.setting("steps")).contains(10L);
    assertThat(stored.setting("seed")).contains(7L);
    assertThat(stored.setting("recipe")).isEmpty();
    assertThat(stored.provenance()).containsKey("picture-sha256");

    Path anew = folder.resolve("anew.gif");
    assertThat(finish(draft, anew, "--frames", "9").code()).isZero();
    assertThat(VideoMetadata.read(anew).setting("init-video")).isEmpty();
    Path near = folder.resolve("near.gif");
    assertThat(fromDraft(draft, near, "--strength", "0.4").code()).isZero();
    assertThat(VideoMetadata.read(near).setting("strength")).contains(0.4);
    assertThat(likeness(over, draft)).isGreaterThan(likeness(anew, draft) + 0.5);
    assertThat(likeness(near, draft)).isGreaterThan(likeness(anew, draft) + 2);
  }

  @Test
  void aStoppedRunGoesOnToTheSameFileEvenWithoutTheDraft()
      throws IOException, InterruptedException {
    Path draft = draft("draft.gif");
    Path whole = folder.resolve("whole.gif");
    assertThat(longer(draft, whole).code()).isZero();

    Path clip = folder.resolve("clip.gif");
    Path saved = RunCheckpoint.fileFor(clip);
    List<CommandRun> done = new ArrayList<>();
    Thread thread = new Thread(() -> done.add(longer(draft, clip)));
    thread.start();
    while (thread.isAlive() && Files.notExists(saved)) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    thread.interrupt();
    thread.join();
    assertThat(done.get(0).code()).as(done.get(0).err()).isEqualTo(ExitCode.INTERRUPTED);
    Files.delete(draft);
    CommandRun resumed = CommandRun.of("resume", saved.toString(), "-t", "1", "--device", "CPU");
    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(logged.text()).contains(draft + " is gone; the run goes on with what it saved");
    assertThat(clip).hasSameBinaryContentAs(whole);
  }

  private static CommandRun longer(Path draft, Path output) {
    return run(
        "finish",
        draft.toString(),
        "--from-draft",
        "--size",
        "64x64",
        "--steps",
        "40",
        "--checkpoint-every",
        "1",
        "-o",
        output.toString());
  }

  @Test
  void lengthAndRateThatAreNotTheDraftsAreSaid() {
    Path draft = draft("draft.gif");
    Path clip = folder.resolve("clip.gif");
    assertThat(fromDraft(draft, clip, "--frames", "5", "--strength", "0.2").err())
        .contains("5 frames, 2 steps");
    assertThat(logged.text()).contains(draft + " goes on after the clip's 5 frames");
    assertThat(fromDraft(draft, clip, "--frames", "13", "--strength", "0.1").code()).isZero();
    assertThat(logged.text()).contains("ends after 9 of the clip's 13 frames: its last one holds");
    assertThat(fromDraft(draft, clip, "--duration", "0.8", "--dry-run").err())
        .contains("64x64, 13 frames");
    assertThat(fromDraft(draft, clip, "--fps", "32", "--strength", "0.1").err())
        .contains("17 frames");
    assertThat(logged.text()).contains("frames a second, the clip 32");
  }

  @Test
  void aPictureAndWhatWasMadeOverItselfAreStartedFromToo() throws IOException {
    Path still = draft("still.png", "--frames=1");
    Path again = folder.resolve("again.webp");
    CommandRun picture = fromDraft(still, again);
    assertThat(picture.code()).as(picture.err()).isZero();
    assertThat(VideoMetadata.read(again).setting("init-img")).contains("still.png");
    assertThat(VideoMetadata.read(again).setting("strength")).contains(DraftStart.STRENGTH);

    Path third = folder.resolve("third.jpg");
    CommandRun second = fromDraft(again, third, "--strength", "0.3");
    assertThat(second.code()).as(second.err()).isZero();
    assertThat(second.err())
        .contains("was made over from still.png; the clip is made over from the draft alone");
    assertThat(VideoMetadata.read(third).setting("init-img")).contains("again.webp");
    assertThat(VideoMetadata.read(third).setting("strength")).contains(0.3);
  }

  @Test
  void whatCannotBeIsRefusedInALine() {
    Path draft = draft("draft.gif");
    Path clip = folder.resolve("clip.gif");
    refused(
        fromDraft(draft, clip, "--init-video", draft.toString()),
        "--from-draft and --init-video were both given");
    refused(finish(draft, clip, "--strength", "0.5"), "none was given; name one");
    refused(fromDraft(draft, clip, "--strength", "0"), "expected more than 0 and at most 1");
    Path pictures = draft("row-%02d.png", "--frames=5");
    refused(
        fromDraft(pictures, folder.resolve("clip-%d.png")),
        "row-01.png is one picture of 5, and --from-draft reads a video");
  }

  private static void refused(CommandRun run, String why) {
    assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err().lines().filter(line -> line.contains(why))).as(run.err()).hasSize(1);
  }

  private static ModelDefaults model(String id) {
    return ModelCatalog.standard().models().stream()
        .filter(m -> m.id().equals(id))
        .findFirst()
        .orElseThrow();
  }

  private static SettingValues settings(String model, SettingValues drafted, List<String> notes) {
    DraftStart start =
        new DraftStart(
            "--from-draft", Path.of("draft.mp4"), 33, model(model), SettingValues.NONE, false);
    return start.settings(drafted, notes::add);
  }

  @Test
  void modelsThatAreGivenMoreThanAPromptDoNotBeginWithADraft() {
    List<String> notes = new ArrayList<>();
    assertThatThrownBy(() -> settings("wan2.1-vace-1.3b", SettingValues.NONE, notes))
        .isInstanceOf(RequestException.class)
        .hasMessage(
            "--from-draft is for models that make clips from a prompt alone, and wan2.1-vace-1.3b"
                + " goes by the video and pictures that the draft was given, also in full; leave it"
                + " out");
    assertThatThrownBy(() -> settings("wan2.2-i2v-a14b", SettingValues.NONE, notes))
        .hasMessageContaining("wan2.2-i2v-a14b begins with the draft's picture");
    SettingValues picture = SettingValues.NONE.with(Settings.INIT_IMG, Path.of("in/fox.png"));
    assertThatThrownBy(() -> settings("wan2.2-ti2v-5b", picture, notes))
        .hasMessageContaining("the draft begins with the picture fox.png");
    assertThat(notes).isEmpty();
  }

  @Test
  void theTableOfAWholeRunIsNotTakenAlong() {
    List<String> notes = new ArrayList<>();
    SettingValues drafted =
        SettingValues.NONE
            .with(Settings.CACHE, CacheKind.MAG)
            .with(Settings.CACHE_THRESHOLD, 0.1)
            .with(Settings.FPS, 16.0);
    SettingValues values = settings("wan2.1-t2v-1.3b", drafted, notes);
    assertThat(values.find(Settings.CACHE)).isEmpty();
    assertThat(values.find(Settings.CACHE_THRESHOLD)).isEmpty();
    assertThat(values.find(Settings.FRAMES)).contains(33);
    assertThat(values.find(Settings.FPS)).contains(16.0);
    assertThat(notes).singleElement().asString().contains("step cache mag is left out");
    SettingValues easy = SettingValues.NONE.with(Settings.CACHE, CacheKind.EASY);
    assertThat(settings("wan2.1-t2v-1.3b", easy, notes).find(Settings.CACHE))
        .contains(CacheKind.EASY);
  }
}
