// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import java.io.InputStream;
import java.net.http.HttpHeaders;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a hub said, at the end of all redirections. Immutable but for its body, which the receiver
 * closes.
 *
 * @param status of the last answer
 * @param headers of the last answer
 * @param sha256 of the whole file, as one of the answers told it; empty if none did
 * @param linkedBytes size of the whole file, as one of the answers told it
 */
record HubReply(
    int status,
    HttpHeaders headers,
    Optional<String> sha256,
    OptionalLong linkedBytes,
    InputStream body) {
  private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18})");
  private static final Pattern NO_RANGE = Pattern.compile("bytes \\*/(\\d{1,18})");
  private static final Pattern SUM = Pattern.compile("[0-9a-f]{64}");

  /** The sum in a header of the hub, which has it in quotes. */
  static Optional<String> sum(HttpHeaders headers) {
    return headers
        .firstValue("X-Linked-ETag")
        .map(tag -> tag.replaceAll("^W/", "").replace("\"", "").toLowerCase(Locale.ROOT))
        .filter(tag -> SUM.matcher(tag).matches());
  }

  /** By what a later request can tell whether the file is still the same; not if it is weak. */
  Optional<String> validator() {
    return headers.firstValue("ETag").filter(tag -> tag.startsWith("\"") && tag.length() < 200);
  }

  /** Where a part of the file begins; empty if the answer does not say. */
  OptionalLong rangeStart() {
    Matcher range = RANGE.matcher(headers.firstValue("Content-Range").orElse(""));
    return range.matches() ? OptionalLong.of(Long.parseLong(range.group(1))) : OptionalLong.empty();
  }

  /** The size of the whole file; empty if no answer tells it. */
  OptionalLong totalBytes() {
    String range = headers.firstValue("Content-Range").orElse("");
    Matcher part = RANGE.matcher(range);
    if (part.matches()) {
      return OptionalLong.of(Long.parseLong(part.group(2)));
    }
    Matcher none = NO_RANGE.matcher(range);
    if (none.matches()) {
      return OptionalLong.of(Long.parseLong(none.group(1)));
    }
    return status == 200 && headers.firstValueAsLong("Content-Length").isPresent()
        ? headers.firstValueAsLong("Content-Length")
        : linkedBytes;
  }
}
