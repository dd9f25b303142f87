// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Takes what goes to stderr during a test: logs do, past the command's own streams. */
public final class LoggedText implements BeforeEachCallback, AfterEachCallback {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private PrintStream stderr;

  @Override
  public void beforeEach(ExtensionContext context) {
    stderr = System.err;
    System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
  }

  @Override
  public void afterEach(ExtensionContext context) {
    System.setErr(stderr);
  }

  /** All of it so far. */
  public String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** Forgets it. */
  public void clear() {
    bytes.reset();
  }
}
