// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.bench.device;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Appends results to a file, one JSON object a line, each on the disk as soon as it is known. What
 * the disk has no room for goes to stdout, and the measurements go on. Thread-safe.
 */
final class ResultLog {
  /** How a measurement ended; the text is what the file holds. */
  enum Status {
    OK("ok"),
    /** It ran, and what it found is out of its bounds. */
    FAIL("fail"),
    /** It could not run here; the line says why. */
    NOT_RUN("not run");

    private final String text;

    Status(String text) {
      this.text = text;
    }
  }

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final Map<String, Object> common;
  private boolean complete = true;

  /**
   * @param common facts that every line begins with, such as the commit
   */
  ResultLog(Path file, Map<String, Object> common) {
    this.file = file;
    this.common = new LinkedHashMap<>(common);
  }

  /** Adds a fact to every later line. */
  synchronized void common(String name, Object value) {
    common.put(name, value);
  }

  /** Writes what a measurement found. */
  void add(String part, String name, Facts facts) {
    write(part, name, facts.ok() ? Status.OK : Status.FAIL, facts.values());
  }

  /** Writes that something was not measured, and why. */
  void notRun(String part, String name, String why) {
    write(part, name, Status.NOT_RUN, Map.of("why", why));
  }

  /** Writes that a measurement broke. */
  void failed(String part, String name, String why) {
    write(part, name, Status.FAIL, Map.of("why", why));
  }

  /** Whether every line so far is in the file. */
  synchronized boolean isComplete() {
    return complete;
  }

  private synchronized void write(
      String part, String name, Status status, Map<String, Object> facts) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("part", part);
    line.put("case", name);
    line.put("status", status.text);
    line.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    line.putAll(common);
    line.putAll(facts);
    String text = json(line) + "\n";
    try {
      Files.writeString(
          file, text, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      complete = false;
      System.out.print("cannot be written to " + file + " (" + e.getMessage() + "): " + text);
    }
  }

  private static String json(Map<String, Object> line) {
    try {
      return JSON.writeValueAsString(line);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a figure that JSON cannot hold: " + line, e);
    }
  }
}
