// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.console;

import dev.wanlet.ggml.Device;
import dev.wanlet.ggml.Ggml;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import picocli.CommandLine.IVersionProvider;

/**
 * What {@code --version} prints: version and commit of Wanlet, version and source tree of ggml, its
 * backends, and the Java runtime. Immutable.
 */
public final class VersionProvider implements IVersionProvider {
  private static final String UNKNOWN = "unknown";

  @Override
  public String[] getVersion() {
    return new String[] {
      "wanlet " + version() + " (commit " + commit() + ")",
      ggml(),
      "java " + Runtime.version() + " (" + System.getProperty("java.vm.name") + ")"
    };
  }

  /** Wanlet's version. */
  public static String version() {
    Properties properties = new Properties();
    try (InputStream in = VersionProvider.class.getResourceAsStream("version.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version", UNKNOWN);
  }

  /** The abbreviated commit of the build, {@code -dirty} if there were uncommitted changes. */
  public static String commit() {
    try (InputStream in = VersionProvider.class.getResourceAsStream("commit.txt")) {
      String commit =
          in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
      return commit.isEmpty() ? UNKNOWN : commit;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String ggml() {
    try {
      String backends =
          Device.all().stream()
              .map(Device::backendName)
              .distinct()
              .collect(Collectors.joining(", "));
      return "ggml " + Ggml.version() + " (tree " + Ggml.treeHash() + "), backends: " + backends;
    } catch (LinkageError e) {
      // A version report must not fail where it is needed most.
      List<String> lines = String.valueOf(e.getMessage()).lines().toList();
      return "ggml not loaded: " + String.join("; ", lines);
    }
  }
}
