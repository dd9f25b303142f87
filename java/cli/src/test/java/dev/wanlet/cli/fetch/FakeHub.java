// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A hub on this machine that answers as it is told, and remembers what it was asked. */
final class FakeHub implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-");

  /** What to do with the next request. */
  @FunctionalInterface
  interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Deque<Answer> answers = new ArrayDeque<>();
  private final List<Map<String, String>> asked = Collections.synchronizedList(new ArrayList<>());

  FakeHub() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  /** Answers in this order; the last one is repeated. */
  FakeHub answering(Answer... next) {
    answers.addAll(List.of(next));
    return this;
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Path and some headers of each request. */
  List<Map<String, String>> asked() {
    return asked;
  }

  private void answer(HttpExchange exchange) throws IOException {
    Map<String, String> request = new HashMap<>();
    request.put("path", exchange.getRequestURI().toString());
    for (String header : List.of("Range", "If-Range", "Authorization")) {
      String value = exchange.getRequestHeaders().getFirst(header);
      if (value != null) {
        request.put(header, value);
      }
    }
    asked.add(request);
    Answer next;
    synchronized (answers) {
      next = answers.size() > 1 ? answers.poll() : answers.peek();
    }
    try (exchange;
        InputStream body = exchange.getRequestBody()) {
      body.readAllBytes();
      next.to(exchange);
    } catch (IOException e) {
      // The client has gone, or the answer was to break off.
      return;
    }
  }

  /** A file as servers send it: from the byte that was asked for, unless it has changed. */
  static Answer file(byte[] content, String tag) {
    return exchange -> send(exchange, content, tag, content.length);
  }

  /** The same, breaking off when the file has been sent up to a byte. */
  static Answer brokenAt(int end, byte[] content, String tag) {
    return exchange -> send(exchange, content, tag, end);
  }

  /** The whole file whatever was asked for. */
  static Answer whole(byte[] content) {
    return exchange -> {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content);
    };
  }

  static Answer status(int status, String... headers) {
    return exchange -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      exchange.sendResponseHeaders(status, -1);
    };
  }

  private static void send(HttpExchange exchange, byte[] content, String tag, int end)
      throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    String unless = exchange.getRequestHeaders().getFirst("If-Range");
    Matcher from = RANGE.matcher(range == null ? "" : range);
    boolean part = from.matches() && (unless == null || unless.equals(tag));
    int start = part ? Integer.parseInt(from.group(1)) : 0;
    exchange.getResponseHeaders().set("ETag", tag);
    if (start >= content.length) {
      exchange.getResponseHeaders().set("Content-Range", "bytes */" + content.length);
      exchange.sendResponseHeaders(416, -1);
      return;
    }
    if (part) {
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range",
              "bytes " + start + "-" + (content.length - 1) + "/" + content.length);
    }
    exchange.sendResponseHeaders(part ? 206 : 200, content.length - start);
    OutputStream out = exchange.getResponseBody();
    out.write(Arrays.copyOfRange(content, start, Math.max(start, end)));
    out.flush();
    if (end < content.length) {
      throw new IOException("breaking off, as told");
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
