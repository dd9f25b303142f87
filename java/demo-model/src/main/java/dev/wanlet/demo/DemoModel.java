// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.demo;

import dev.wanlet.base.UserCache;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;

/**
 * The embedded default model: a very small Wan 2.1, trained on moving shapes. Its folder is laid
 * out as an official checkpoint; what it knows is in the README.md among the files.
 *
 * <p>Thread-safe, also between processes.
 */
public final class DemoModel {
  /** The model's id on the command line. */
  public static final String ID = "tiny-wan";

  private static final String FOUR_STEP_ADAPTER = "loras/tiny-wan-4step-lora.safetensors";

  /** Beside the model, not in it: a folder with two transformers is not one model. */
  private static final String PICTURES = ID + "-i2v";

  private static final String PICTURES_TRANSFORMER = PICTURES + "-Q8_0.gguf";

  private DemoModel() {}

  /**
   * The folder with the model's files. Classes that run from a folder have it there already; from a
   * jar it is extracted to the user's cache directory the first time, and checked every time.
   *
   * @throws IOException if the files are not there or the cache directory cannot be written; the
   *     message names the place
   */
  public static Path directory() throws IOException {
    return directory(ID, "config.json");
  }

  /**
   * The image-to-video transformer; text encoder, tokenizer and VAE are those of the folder.
   *
   * @throws IOException as {@link #directory}
   */
  public static Path imageToVideoTransformer() throws IOException {
    return directory(PICTURES, PICTURES_TRANSFORMER).resolve(PICTURES_TRANSFORMER);
  }

  private static Path directory(String name, String anyFile) throws IOException {
    Path plain = plainDirectory(name + "/" + anyFile);
    return plain != null ? plain : extract(name, UserCache.folder("demo-model"));
  }

  /**
   * The model's four-step adapter.
   *
   * @throws IOException as {@link #directory}
   */
  public static Path fourStepAdapter() throws IOException {
    return directory().resolve(FOUR_STEP_ADAPTER);
  }

  /** Extracts the model to a folder below {@code cache}, unless it is there unharmed. */
  static Path extract(Path cache) throws IOException {
    return extract(ID, cache);
  }

  private static Path extract(String name, Path cache) throws IOException {
    Checksums checksums = checksums(name);
    Path target = cache.resolve(name + "-" + checksums.fingerprint());
    new Extraction(checksums, file -> open(name + "/" + file)).into(target);
    return target;
  }

  static Checksums checksums() throws IOException {
    return checksums(ID);
  }

  private static Checksums checksums(String name) throws IOException {
    try (InputStream in = open(name + ".sha256")) {
      return Checksums.read(in);
    }
  }

  /** Where the folder of a resource lies as plain files, or null. */
  private static Path plainDirectory(String resource) throws IOException {
    URL url = DemoModel.class.getResource(resource);
    if (url == null || !url.getProtocol().equals("file")) {
      return null;
    }
    try {
      URI uri = url.toURI();
      return Path.of(uri).getParent();
    } catch (URISyntaxException e) {
      throw new IOException("the demo model's resource has no usable address: " + url, e);
    }
  }

  private static InputStream open(String resource) throws IOException {
    InputStream in = DemoModel.class.getResourceAsStream(resource);
    if (in == null) {
      throw new FileNotFoundException(
          "the demo model's file "
              + resource
              + " is not in this program; give a model of your own, or install the program again");
    }
    return in;
  }
}
