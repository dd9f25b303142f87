// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.synth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wanlet.ggml.Shape;
import dev.wanlet.wan.catalog.ModelCatalog;
import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.PublishedFile;
import dev.wanlet.wan.model.umt5.Umt5Config;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PublishedTensorsTest {
  /** Counts and parameters of the published checkpoints. */
  @ParameterizedTest
  @CsvSource({
    "wan2.1-t2v-1.3b, 825, 1418996800",
    "wan2.1-t2v-14b, 1095, 14288491584",
    "wan2.2-ti2v-5b, 825, 4999787712"
  })
  void transformersHaveTheirPublishedSize(String id, int tensors, long parameters) {
    Map<String, Shape> list = PublishedTensors.transformer(ModelCatalog.standard().require(id));
    assertThat(list).hasSize(tensors);
    assertThat(list.values().stream().mapToLong(Shape::elements).sum()).isEqualTo(parameters);
  }

  @Test
  void imageBranches() {
    Map<String, Shape> first =
        PublishedTensors.transformer(ModelCatalog.standard().require("wan2.1-i2v-14b-480p"));
    assertThat(first)
        .containsEntry("patch_embedding.weight", Shape.of(5120, 36, 1, 2, 2))
        .containsEntry("img_emb.proj.3.weight", Shape.of(5120, 1280))
        .containsEntry("blocks.39.cross_attn.v_img.bias", Shape.of(5120))
        .containsEntry("blocks.0.cross_attn.norm_k_img.weight", Shape.of(5120))
        .doesNotContainKey("img_emb.emb_pos");
    Map<String, Shape> both =
        PublishedTensors.transformer(ModelCatalog.standard().require("wan2.1-flf2v-14b-720p"));
    assertThat(both).containsEntry("img_emb.emb_pos", Shape.of(1, 514, 1280));
    assertThat(both).hasSize(first.size() + 1);
  }

  @Test
  void controlBranches() {
    Map<String, Shape> small =
        PublishedTensors.transformer(ModelCatalog.standard().require("wan2.1-vace-1.3b"));
    assertThat(small)
        .containsEntry("vace_patch_embedding.weight", Shape.of(1536, 96, 1, 2, 2))
        .containsKey("vace_blocks.0.before_proj.weight")
        .containsKey("vace_blocks.14.after_proj.bias")
        .doesNotContainKey("vace_blocks.1.before_proj.weight")
        .doesNotContainKey("vace_blocks.15.after_proj.bias");
  }

  @Test
  void theTextEncoder() {
    Map<String, Shape> list = PublishedTensors.textEncoder(Umt5Config.XXL);
    assertThat(list).hasSize(2 + 24 * 10);
    assertThat(list.values().stream().mapToLong(Shape::elements).sum()).isEqualTo(5_680_910_336L);
  }

  /** Files of 16 bits are as large as their tensors, a header, and patch embeddings in F32. */
  @ParameterizedTest
  @ValueSource(
      strings = {"wan2.1-t2v-1.3b", "wan2.1-vace-1.3b", "wan2.1-vace-14b", "wan2.2-ti2v-5b"})
  void sizesOfPublishedFilesAreThoseOfTheirTensors(String id) {
    ModelDefaults model = ModelCatalog.standard().require(id);
    PublishedFile file = model.files().get(0);
    assertThat(file.name()).contains("fp16");
    long bytes =
        2 * PublishedTensors.transformer(model).values().stream().mapToLong(Shape::elements).sum();
    assertThat(file.bytes().getAsLong() - bytes).isBetween(0L, 2L << 20);
  }
}
