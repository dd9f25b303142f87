// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
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
      configureDjl(System::getenv);
    }

    static void ensureConfigured() {}
  }

  /**
   * Keeps DJL off the network and in Wanlet's own cache directory. Must run before its classes
   * load; what the user has set stays.
   */
  static void configureDjl(UnaryOperator<String> environment) {
    System.setProperty("ai.djl.offline", "true"); // no download of a library
    System.setProperty("OPT_OUT_TRACKING", "true"); // no usage report
    // On a machine with CUDA it would look for a CUDA build, which is not in the jar.
    setIfAbsent(environment, "RUST_FLAVOR", "cpu");
    if (environment.apply("ENGINE_CACHE_DIR") == null
        && System.getProperty("ENGINE_CACHE_DIR") == null) {
      Path cache = cacheDirectory(environment).resolve("djl");
      try {
        Files.createDirectories(cache);
        setIfAbsent(environment, "DJL_CACHE_DIR", cache.toString());
      } catch (IOException | SecurityException e) {
        System.getLogger(NativeUnigram.class.getName())
            .log(System.Logger.Level.DEBUG, "cannot use {0}; DJL picks a folder", cache);
      }
    }
  }

  /** {@code $WANLET_CACHE}, else {@code $XDG_CACHE_HOME/wanlet}, else {@code ~/.cache/wanlet}. */
  static Path cacheDirectory(UnaryOperator<String> environment) {
    String own = environment.apply("WANLET_CACHE");
    if (own != null && !own.isBlank()) {
      return Path.of(own);
    }
    String xdg = environment.apply("XDG_CACHE_HOME");
    if (xdg != null && !xdg.isBlank()) {
      return Path.of(xdg, "wanlet");
    }
    return Path.of(System.getProperty("user.home"), ".cache", "wanlet");
  }

  private static void setIfAbsent(UnaryOperator<String> environment, String name, String value) {
    if (environment.apply(name) == null && System.getProperty(name) == null) {
      System.setProperty(name, value);
    }
  }
}
