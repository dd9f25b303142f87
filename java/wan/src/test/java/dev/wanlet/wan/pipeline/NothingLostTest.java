// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.files.WriteException;
import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.media.metadata.VideoMetadata;
import dev.wanlet.wan.media.read.VideoReader;
import dev.wanlet.wan.memory.Stage;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.wan.sampling.SamplingCancelledException;
import dev.wanlet.weights.StoredType;
import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import dev.wanlet.weights.checkpoint.WeightFiles;
import dev.wanlet.weights.write.SafetensorsWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever ends a run, what it has made is there afterwards. */
class NothingLostTest extends DemoRuns {
  private static final int STEPS = 3;

  private GenerationRequest.Builder builder(String name) {
    return GenerationRequest.builder()
        .prompt("a red circle moving left on a black background")
        .seed(42)
        .steps(STEPS)
        .frames(1)
        .output(folder.resolve(name))
        .set(Settings.MAX_RESIDENT, 0) // weights are read at every step
        .compute(ONE_THREAD);
  }

  private GenerationRequest request(String name) {
    return builder(name).build(files.model());
  }

  /** Hears something else than progress. */
  private abstract static class Hearer implements GenerationListener {
    @Override
    public void progress(Stage stage, double done, int total) {}
  }

  /** Does something once so many sampling steps are done. */
  private static GenerationListener after(double steps, Runnable action) {
    return new GenerationListener() {
      private boolean acted;

      @Override
      public void progress(Stage stage, double done, int total) {
        if (stage.equals(Stage.SAMPLE) && done > steps && !acted) {
          acted = true;
          action.run();
        }
      }
    };
  }

  private GenerationResult generate(GenerationRequest request, GenerationListener listener)
      throws IOException {
    return pipeline.generate(request, RunOptions.defaults().withListener(listener));
  }

  /** Runs a clip until its first step is done. */
  private Path stopped(GenerationRequest request) {
    Cancellation cancellation = new Cancellation();
    List<Path> saved = new ArrayList<>();
    GenerationListener listener = after(1.1, cancellation::cancel);
    assertThatThrownBy(
            () ->
                pipeline.generate(
                    request,
                    RunOptions.defaults()
                        .withCancellation(cancellation)
                        .withListener(
                            new GenerationListener() {
                              @Override
                              public void progress(Stage stage, double done, int total) {
                                listener.progress(stage, done, total);
                              }

                              @Override
                              public void saved(Path file) {
                                saved.add(file);
                              }
                            })))
        .isInstanceOf(SamplingCancelledException.class);
    assertThat(saved).hasSize(1);
    return saved.get(0);
  }

  private List<Path> filesThere() throws IOException {
    try (var list = Files.list(folder)) {
      return list.sorted().toList();
    }
  }

  private static void assertSameFrames(Path actual, Path expected) throws IOException {
    assertThat(VideoReader.readAll(actual))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(VideoReader.readAll(expected));
  }

  /** When the interrupt comes: in the middle of a stage, by its name. */
  enum Moment {
    TEXT,
    SAMPLE,
    DECODE
  }

  @ParameterizedTest
  @EnumSource
  void anInterruptedThreadStopsAndSavesAndStaysInterrupted(Moment moment) throws IOException {
    GenerationRequest request = request("clip.png");
    GenerationListener interrupt =
        new GenerationListener() {
          @Override
          public void stageStarted(Stage stage, int total) {
            if (moment != Moment.SAMPLE
                && stage.id().equals(moment.name().toLowerCase(Locale.ROOT))) {
              Thread.currentThread().interrupt();
            }
          }

          @Override
          public void progress(Stage stage, double done, int total) {
            if (moment == Moment.SAMPLE && stage.equals(Stage.SAMPLE) && done > 1.1) {
              Thread.currentThread().interrupt();
            }
          }
        };
    assertThatThrownBy(() -> generate(request, interrupt))
        .isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(request.output()).doesNotExist();
    Path saved = RunCheckpoint.fileFor(request.output());
    if (moment == Moment.TEXT) {
      assertThat(filesThere()).isEmpty();
    } else {
      assertThat(filesThere()).containsExactly(saved);
      assertThat(RunCheckpoint.load(saved).sampler().nextStep())
          .isEqualTo(moment == Moment.SAMPLE ? 1 : STEPS);
    }
    GenerationResult resumed = generate(request, GenerationListener.SILENT);
    GenerationResult whole = generate(request("whole.png"), GenerationListener.SILENT);
    assertSameFrames(resumed.output(), whole.output());
    assertThat(saved).doesNotExist();
  }

  @Test
  void theSameRequestGoesOnWhereItWasSaved() throws IOException {
    Path saved = stopped(request("clip.png"));
    List<Integer> told = new ArrayList<>();
    GenerationResult result =
        generate(
            request("clip.png"),
            new Hearer() {
              @Override
              public void resumed(int step, int steps) {
                told.addAll(List.of(step, steps));
              }
            });
    assertThat(told).containsExactly(1, STEPS);
    assertThat(result.stepSeconds()).hasSize(STEPS - 1);
    assertThat(saved).doesNotExist();
    assertThat(filesThere()).containsExactly(request("clip.png").output());
  }

  @Test
  void anotherRequestDoesNotTouchWhatIsSaved() throws IOException {
    Path saved = stopped(request("clip.png"));
    byte[] before = Files.readAllBytes(saved);
    GenerationRequest other = builder("clip.png").seed(43).build(files.model());
    assertThatThrownBy(() -> generate(other, GenerationListener.SILENT))
        .isInstanceOfSatisfying(SavedRunException.class, e -> assertThat(e.file()).isEqualTo(saved))
        .hasMessageContaining("stopped after step 1 of " + STEPS);
    assertThat(saved).hasBinaryContent(before);
    assertThat(filesThere()).containsExactly(saved);
    GenerationResult result = pipeline.generate(other, RunOptions.defaults().overwritingSaved());
    assertThat(result.stepSeconds()).hasSize(STEPS);
    assertThat(filesThere()).containsExactly(other.output());
  }

  @Test
  void runsToOneOutputAtOnceEachHaveTheirOwnSavedRun() throws IOException {
    GenerationRequest first = request("clip.png");
    GenerationRequest second = builder("clip.png").seed(43).build(files.model());
    List<Path> saved = new ArrayList<>();
    Runnable other = () -> saved.add(stopped(second));
    Cancellation cancellation = new Cancellation();
    GenerationListener both =
        after(
            1.1,
            () -> {
              other.run();
              cancellation.cancel();
            });
    RunOptions options = RunOptions.defaults().withListener(both).withCancellation(cancellation);
    assertThatThrownBy(() -> pipeline.generate(first, options))
        .isInstanceOf(SamplingCancelledException.class);
    Path mine = RunCheckpoint.fileFor(first.output());
    assertThat(saved).containsExactly(RunCheckpoint.fileFor(first.output(), 2));
    assertThat(filesThere()).containsExactlyInAnyOrder(mine, saved.get(0));
    for (Path each : filesThere()) {
      assertThat(RunCheckpoint.outputOf(each)).contains(first.output());
      assertThat(RunCheckpoint.load(each).sampler().nextStep()).isEqualTo(1);
    }
    assertThat(RunCheckpoint.load(mine).settings().setting("seed")).contains(42L);
    assertThat(RunCheckpoint.load(saved.get(0)).settings().setting("seed")).contains(43L);

    generate(first, GenerationListener.SILENT); // goes on with its own
    assertThat(filesThere()).containsExactlyInAnyOrder(first.output(), saved.get(0));
    Path copy = Files.copy(saved.get(0), mine);
    Files.write(copy, new byte[] {1}); // damage in another's place is not this one's
    pipeline.generate(second, RunOptions.defaults().resuming(RunCheckpoint.load(saved.get(0))));
    assertThat(filesThere()).containsExactlyInAnyOrder(first.output(), copy);
  }

  @Test
  void theLongestNamesWork() throws IOException {
    String name = "é".repeat(125) + ".mp4";
    Path saved = stopped(request(name));
    assertThat(RunCheckpoint.outputOf(saved)).contains(folder.resolve(name));
    generate(request(name), GenerationListener.SILENT);
    assertThat(filesThere()).containsExactly(folder.resolve(name));
  }

  private void useCopyOf(ModelPart part, Path copy) throws IOException {
    Files.copy(files.file(part).orElseThrow(), copy);
    use(ModelSelection.none().with(part, copy));
  }

  /** On a mapping this would end the process. */
  @Test
  void aWeightFileThatIsCutOffInTheMiddleLosesNothing() throws IOException {
    Path weights = folder.resolve("own.safetensors");
    useCopyOf(ModelPart.TRANSFORMER, weights);
    byte[] whole = Files.readAllBytes(weights);
    GenerationRequest request = request("clip.png");
    Consumer<Integer> cut =
        length -> {
          try (FileChannel channel = FileChannel.open(weights, StandardOpenOption.WRITE)) {
            channel.truncate(length);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        };
    assertThatThrownBy(() -> generate(request, after(1.1, () -> cut.accept(5000))))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("own.safetensors")
        .hasMessageContaining("has 5,000 now");
    RunCheckpoint saved = RunCheckpoint.load(RunCheckpoint.fileFor(request.output()));
    assertThat(saved.sampler().nextStep()).isEqualTo(1);
    Files.write(weights, whole);
    GenerationResult resumed = generate(request, GenerationListener.SILENT);
    assertThat(resumed.stepSeconds()).hasSize(STEPS - 1);
    assertSameFrames(
        resumed.output(), generate(request("whole.png"), GenerationListener.SILENT).output());
  }

  @ParameterizedTest
  @EnumSource(
      value = ModelPart.class,
      names = {"VAE", "TEXT_ENCODER", "TRANSFORMER"})
  void weightsOfAnotherShapeAreToldBeforeAnyWork(ModelPart part) throws IOException {
    String name =
        switch (part) {
          case VAE -> "decoder.middle.0.residual.2.weight";
          case TEXT_ENCODER -> "blocks.1.ffn.fc2.weight";
          default -> "blocks.1.ffn.2.weight";
        };
    Path bent = folder.resolve("bent.safetensors");
    bend(files.file(part).orElseThrow(), name, bent);
    use(ModelSelection.none().with(part, bent));
    List<Stage> started = new ArrayList<>();
    assertThatThrownBy(
            () ->
                generate(
                    request("clip.png"),
                    new Hearer() {
                      @Override
                      public void stageStarted(Stage stage, int total) {
                        started.add(stage);
                      }
                    }))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("bent.safetensors")
        .hasMessageContaining(name);
    assertThat(started).isEmpty();
    assertThat(filesThere()).containsExactly(bent);
  }

  /** A copy of a checkpoint in which one tensor has lost its last row. */
  private static void bend(Path from, String name, Path to) throws IOException {
    try (WeightSource source = WeightFiles.open(from);
        SafetensorsWriter writer = SafetensorsWriter.create(to)) {
      source.require(name);
      for (WeightTensor tensor : source.tensors()) {
        writer.declare(tensor.name(), StoredType.F32, shape(tensor, name));
      }
      for (WeightTensor tensor : source.tensors()) {
        float[] values = tensor.toFloats();
        int count = (int) shape(tensor, name).elements();
        ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values, 0, count);
        writer.append(tensor.name(), bytes);
      }
      writer.commit();
    }
  }

  private static Shape shape(WeightTensor tensor, String bent) {
    long[] dims = tensor.shape().dims().clone();
    if (tensor.name().equals(bent)) {
      dims[0]--;
    }
    return Shape.of(dims);
  }

  @Test
  void aRunThatCannotBeSavedKeepsTheOlderOneAndGoesOn() throws IOException {
    GenerationRequest request = request("clip.png");
    Path saved = RunCheckpoint.fileFor(request.output());
    List<byte[]> kept = new ArrayList<>();
    GenerationListener takeTheName =
        new Hearer() {
          @Override
          public void saved(Path file) {
            try {
              // A folder in the way: the next rename fails.
              if (kept.isEmpty()) {
                kept.add(Files.readAllBytes(file));
                Files.move(file, folder.resolve("kept"));
                Files.createDirectory(file);
                Files.createFile(file.resolve("full"));
              }
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    pipeline.generate(
        request, RunOptions.defaults().withCheckpointEvery(1).withListener(takeTheName));
    assertThat(request.output()).exists();
    assertThat(saved.resolve("full")).exists();
    assertThat(folder.resolve("kept")).hasBinaryContent(kept.get(0));
  }

  @Test
  void aDiskWithoutRoomIsToldBeforeAnyWork() throws IOException {
    Path target = folder.resolve("clip.png");
    try (SavedRun place =
        SavedRun.open(target, VideoMetadata.builder().build(), SavedRun.Others.REFUSED)) {
      assertThatThrownBy(() -> place.reserve(1L << 50, 1L << 51))
          .isInstanceOf(WriteException.class)
          .hasMessageContaining("needs 4096.0 TiB of disk space");
      place.reserve(1 << 20, 3 << 20);
      place.releaseRoom();
    }
    assertThat(folder).isEmptyDirectory();
  }
}
