// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.micro;

import dev.wanlet.demo.DemoModel;
import dev.wanlet.wan.text.PromptCleaner;
import dev.wanlet.wan.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A long prompt through cleaning and the demo model's SentencePiece vocabulary. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1) // the JIT compiles cleaning and normalisation
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class TokenizerBenchmark {
  private static final int MAX_TOKENS = 512;
  private static final String PROMPT =
      "A red circle moves left on a black background, slowly, while the light of the evening sun"
          + " falls through the trees &amp; the wind moves the leaves. 一个红色的圆在黑色背景上向左移动。";

  private Tokenizer tokenizer;
  private Path vocabulary;

  @Setup(Level.Trial)
  public void open() throws IOException {
    vocabulary = DemoModel.directory().resolve("google/umt5-xxl/spiece.model");
    tokenizer = Tokenizer.open(vocabulary);
    int[] ids = encode();
    if (ids.length < 20 || ids[ids.length - 1] != tokenizer.eosId()) {
      throw new IllegalStateException("the prompt became " + ids.length + " tokens");
    }
  }

  @TearDown(Level.Trial)
  public void close() {
    tokenizer.close();
  }

  @Benchmark
  public int[] encode() {
    return tokenizer.encode(PromptCleaner.clean(PROMPT), MAX_TOKENS);
  }

  @Benchmark
  public int openVocabulary() throws IOException {
    try (Tokenizer opened = Tokenizer.open(vocabulary)) {
      return opened.vocabularySize();
    }
  }
}
