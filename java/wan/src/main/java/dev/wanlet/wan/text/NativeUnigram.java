// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.wanlet.base.UserCache;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Owner of one Hugging Face tokenizer in native memory, through DJL. Thread-safe: texts may be
 * encoded at the same time, and {@link #close()} waits for them.
 */
final class NativeUnigram implements AutoCloseable {
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private HuggingFaceTokenizer tokenizer;

  private NativeUnigram(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Loads a definition.
   *
   * @throws TokenizerFormatException if the library refuses it
   * @throws IllegalStateException if DJL has no library for this platform
   */
  static NativeUnigram open(byte[] tokenizerJson, Path file) throws TokenizerFormatException {
    Djl.ensureConfigured();
    Map<String, String> options =
        Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");
    try {
      return new NativeUnigram(
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(tokenizerJson), options));
    } catch (LinkageError | ai.djl.engine.EngineException e) {
      throw new IllegalStateException(
          "the DJL tokenizers library cannot be loaded on %s %s; RUST_LIBRARY_PATH may name another"
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch")),
          e);
    } catch (IOException | RuntimeException e) {
      throw new TokenizerFormatException(
          file, "the tokenizers library refuses it: " + e.getMessage(), e);
    }
  }

  /**
   * Ids and surfaces of the pieces; each text is cut for itself. No text may hold lone surrogates.
   */
  Encoding encode(List<String> texts) {
    lock.readLock().lock();
    try {
      if (tokenizer == null) {
        throw new IllegalStateException("the tokenizer is closed");
      }
      return tokenizer.encode(texts, false, false);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (tokenizer != null) {
        tokenizer.close();
        tokenizer = null;
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Configures DJL once, when the first tokenizer is opened. */
  private static final class Djl {
    static {
      settings(System::getenv, System::getProperty, UserCache.folder("djl"))
          .forEach(System::setProperty);
    }

    static void ensureConfigured() {}
  }

  /**
   * The properties that keep DJL off the network and in Wanlet's own cache, to be set before its
   * classes load; what the user has set stays.
   */
  static Map<String, String> settings(
      UnaryOperator<String> environment, UnaryOperator<String> properties, Path cache) {
    Map<String, String> settings = new HashMap<>();
    settings.put("ai.djl.offline", "true"); // no download of a library
    settings.put("OPT_OUT_TRACKING", "true"); // no usage report
    Predicate<String> isFree =
        name -> environment.apply(name) == null && properties.apply(name) == null;
    // On a machine with CUDA it would look for a CUDA build, which is not in the jar.
    if (isFree.test("RUST_FLAVOR")) {
      settings.put("RUST_FLAVOR", "cpu");
    }
    if (isFree.test("ENGINE_CACHE_DIR") && isFree.test("DJL_CACHE_DIR")) {
      settings.put("DJL_CACHE_DIR", cache.toString());
    }
    return settings;
  }
}
