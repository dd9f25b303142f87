// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.pipeline;

import dev.wanlet.ggml.Backend;
import dev.wanlet.wan.catalog.TokenizerFiles;
import dev.wanlet.wan.memory.StreamedBlocks;
import dev.wanlet.wan.memory.TextPlan;
import dev.wanlet.wan.model.transformer.WanConfig;
import dev.wanlet.wan.model.umt5.TokenEmbedding;
import dev.wanlet.wan.model.umt5.Umt5Config;
import dev.wanlet.wan.model.umt5.Umt5Encoder;
import dev.wanlet.wan.nn.Precision;
import dev.wanlet.wan.nn.SourceReader;
import dev.wanlet.wan.nn.SourceTypes;
import dev.wanlet.wan.nn.TypePolicy;
import dev.wanlet.wan.nn.WeightSet;
import dev.wanlet.wan.text.PromptCleaner;
import dev.wanlet.wan.text.Tokenizer;
import dev.wanlet.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Stage 1: prompts become the rows that cross-attention sees. Stateless. */
final class TextStage {
  private TextStage() {}

  /** Tokens of each prompt, the end token included. */
  static List<int[]> tokenize(Path tokenizerFile, List<String> prompts) throws IOException {
    List<int[]> ids = new ArrayList<>();
    try (Tokenizer tokenizer = TokenizerFiles.open(tokenizerFile)) {
      for (String prompt : prompts) {
        ids.add(tokenizer.encode(PromptCleaner.clean(prompt), WanConfig.TEXT_LENGTH));
      }
    }
    return ids;
  }

  /**
   * Encodes prompts; all device memory is given back before it returns.
   *
   * @return of each prompt [tokens, dim]
   */
  static List<float[]> encode(
      Backend backend,
      WeightSource source,
      Umt5Config config,
      TextPlan plan,
      Precision precision,
      List<int[]> ids)
      throws IOException {
    TypePolicy types = SourceTypes.of(source, precision, backend.device());
    SourceReader reader = new SourceReader(source);
    TokenEmbedding embedding = new TokenEmbedding(source.require("token_embedding.weight"));
    WeightSet outer = WeightSet.load(backend, Umt5Encoder.outerLayout(config, types), reader);
    StreamedBlocks blocks;
    try {
      blocks =
          new StreamedBlocks(
              backend,
              Umt5Encoder.blockLayouts(config, types),
              i -> reader.under(Umt5Encoder.blockPrefix(i)),
              plan.placement());
    } catch (IOException | RuntimeException e) {
      outer.close();
      throw e;
    }
    try (Umt5Encoder encoder =
        new Umt5Encoder(backend, config, embedding, blocks, outer, precision)) {
      return encoder.encode(ids);
    }
  }
}
