// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.weights.WeightFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models as people have them on their disks: one file for all, links, caches, shards. */
class ModelSourcesTest {
  private static final ModelCatalog CATALOG = ModelCatalog.standard();
  private static final ModelDefaults TINY = CATALOG.require("tiny-wan");

  @TempDir private Path temp;
  private Path folder;
  private ModelResolver resolver;

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createDirectories(temp.resolve("model"));
    Path demo = Files.createDirectories(temp.resolve("demo"));
    resolver = new ModelResolver(CATALOG, () -> demo);
  }

  @Test
  void oneFileHoldsAllParts() throws IOException {
    FakeCheckpoint all =
        FakeCheckpoint.transformer(TINY.transformer()).prefixed("model.diffusion_model.");
    all.addAll(FakeCheckpoint.vae(16).prefixed("first_stage_model."));
    all.addAll(FakeCheckpoint.textEncoder(TINY.textEncoder()).prefixed("text_encoders.umt5xxl."));
    Path file = all.write(folder.resolve("all.safetensors"));
    tokenizer(folder);
    for (Path model : new Path[] {file, folder}) {
      ModelFiles files = resolver.resolve(ModelSelection.none().withModel(model.toString()));
      assertThat(files.transformer()).isEqualTo(file);
      assertThat(files.vae()).isEqualTo(file);
      assertThat(files.textEncoder()).isEqualTo(file);
      assertThat(files.fromDemo()).isEmpty();
    }
  }

  @Test
  void linksThatGoInACircleAreNotFollowed() throws IOException {
    Path file =
        FakeCheckpoint.transformer(TINY.transformer()).write(folder.resolve("a.safetensors"));
    Files.createSymbolicLink(folder.resolve("loop"), folder);
    assertThat(transformers()).containsExactly(file);
  }

  @Test
  void linksToNowhereAreNamed() throws IOException {
    Files.createSymbolicLink(folder.resolve("a.safetensors"), Path.of("gone"));
    assertThatThrownBy(this::transformers)
        .isInstanceOf(ModelFilesException.class)
        .hasMessageContaining("a.safetensors")
        .hasMessageContaining("points nowhere");
  }

  @Test
  void cachesOfHuggingFaceHoldSnapshots() throws IOException {
    Path blob = folder.resolve("blobs/0a");
    FakeCheckpoint.transformer(TINY.transformer()).write(blob);
    Path snapshot = Files.createDirectories(folder.resolve("snapshots/1b/transformer"));
    Path link = snapshot.resolve("x.safetensors");
    Files.createSymbolicLink(link, Path.of("../../../blobs/0a"));
    assertThat(transformers()).containsExactly(link);
  }

  @Test
  void shardsWithoutAnIndexAreOneTransformer() throws IOException {
    FakeCheckpoint.transformer(TINY.transformer())
        .writeInTwo(
            folder.resolve("m-00001-of-00002.safetensors"),
            folder.resolve("m-00002-of-00002.safetensors"));
    assertThat(transformers()).containsExactly(folder.resolve("m-00001-of-00002.safetensors"));
    Files.delete(folder.resolve("m-00002-of-00002.safetensors"));
    assertThatThrownBy(this::transformers).hasMessageContaining("m-00002-of-00002.safetensors");
  }

  @Test
  void vaesThatEnlargeThePictureAreRefused() throws IOException {
    Path file =
        FakeCheckpoint.vae(16)
            .add("decoder.head.2.bias", 12)
            .write(folder.resolve("v.safetensors"));
    assertThatThrownBy(() -> WeightFileFacts.read(file))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("12 output channels");
  }

  private List<Path> transformers() throws IOException {
    return resolver.find(ModelSelection.none().withModel(folder.toString())).transformers();
  }

  private static void tokenizer(Path folder) throws IOException {
    Path file = folder.resolve("google/umt5-xxl/spiece.model");
    Files.createDirectories(file.getParent());
    Files.writeString(file, "not read here");
  }
}
