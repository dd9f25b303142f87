// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** What one run of the command line gave: its exit code and both streams. */
public record CommandRun(int code, String out, String err) {
  public static CommandRun of(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Main.run(new PrintWriter(out), new PrintWriter(err), args);
    return new CommandRun(code, out.toString(), err.toString());
  }
}
