// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Asks a hub for files. Redirections are followed here and not by the HTTP client: the hub tells
 * the sum of a file in the answer that redirects, and a token must not go to the storage behind it.
 * Thread-safe.
 */
final class HubClient {
  private static final Duration CONNECT = Duration.ofSeconds(30);
  private static final Duration ANSWER = Duration.ofSeconds(60);
  private static final int MOST_REDIRECTIONS = 10;

  private final Hub hub;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .connectTimeout(CONNECT)
          .build();

  HubClient(Hub hub) {
    this.hub = hub;
  }

  Hub hub() {
    return hub;
  }

  /**
   * Asks for a file from a byte on.
   *
   * @param offset first byte wanted
   * @param validator of the part that is there: if the file has changed, all of it is wanted
   * @throws FetchException if the answers lead nowhere
   * @throws IOException if the connection fails, or does not come about in time
   */
  HubReply get(URI file, long offset, Optional<String> validator)
      throws IOException, InterruptedException {
    URI address = file;
    Optional<String> sum = Optional.empty();
    OptionalLong bytes = OptionalLong.empty();
    for (int i = 0; i <= MOST_REDIRECTIONS; i++) {
      HttpResponse<InputStream> response =
          http.send(request(address, offset, validator), HttpResponse.BodyHandlers.ofInputStream());
      HttpHeaders headers = response.headers();
      sum = sum.or(() -> HubReply.sum(headers));
      if (bytes.isEmpty()) {
        bytes = headers.firstValueAsLong("X-Linked-Size");
      }
      Optional<String> location = headers.firstValue("Location");
      if (response.statusCode() / 100 != 3 || location.isEmpty()) {
        return new HubReply(response.statusCode(), headers, sum, bytes, response.body());
      }
      response.body().close();
      address = redirected(address, location.get());
    }
    throw new FetchException(file + ": more than " + MOST_REDIRECTIONS + " redirections");
  }

  private static URI redirected(URI from, String location) throws FetchException {
    try {
      URI to = from.resolve(location);
      if (to.getHost() != null && (Hub.isPrivate(to) || !Hub.isPrivate(from))) {
        return to;
      }
    } catch (IllegalArgumentException e) {
      throw new FetchException(from + ": redirects to what is no address", e);
    }
    throw new FetchException(from + ": redirects to an address that is not safe");
  }

  private HttpRequest request(URI address, long offset, Optional<String> validator) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .timeout(ANSWER)
            .header("User-Agent", "wanlet")
            .header("Accept-Encoding", "identity");
    if (offset > 0) {
      request.header("Range", "bytes=" + offset + "-");
      validator.ifPresent(tag -> request.header("If-Range", tag));
    }
    hub.tokenFor(address).ifPresent(token -> request.header("Authorization", "Bearer " + token));
    return request.GET().build();
  }
}
