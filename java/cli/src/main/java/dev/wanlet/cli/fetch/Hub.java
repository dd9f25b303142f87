// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import dev.wanlet.wan.catalog.PublishedFile;
import dev.wanlet.wan.catalog.RequestException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A Hugging Face hub or a mirror of one, and who asks it. Immutable; {@link #toString} does not
 * tell the token.
 */
final class Hub {
  static final String USUAL = "https://huggingface.co";

  /** The setting that other programs have for the address. */
  static final String ADDRESS_SETTING = "HF_ENDPOINT";

  static final String TOKEN_SETTING = "HF_TOKEN";

  private final URI endpoint;
  private final Optional<String> token;

  private Hub(URI endpoint, Optional<String> token) {
    this.endpoint = endpoint;
    this.token = token;
  }

  /**
   * The hub that the user means.
   *
   * @param address what the command was given; null for the setting, or else the usual one
   * @param environment the settings of the process, by name
   * @throws RequestException if the address or the token cannot be one
   */
  static Hub of(String address, UnaryOperator<String> environment) {
    String setting = environment.apply(ADDRESS_SETTING);
    String chosen =
        address != null ? address : setting == null || setting.isBlank() ? USUAL : setting;
    String token = environment.apply(TOKEN_SETTING);
    return new Hub(
        endpoint(chosen.strip()),
        token == null || token.isBlank() ? Optional.empty() : Optional.of(checked(token.strip())));
  }

  private static URI endpoint(String address) {
    try {
      URI uri = new URI(address.replaceAll("/+$", ""));
      String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
      boolean web = scheme.equals("https") || scheme.equals("http");
      if (web && uri.getHost() != null && uri.getUserInfo() == null && uri.getQuery() == null) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // refused below, in words
    }
    throw new RequestException(
        "'" + address + "' is not the address of a hub; expected one such as " + USUAL);
  }

  /** Header values must be visible characters; the message does not repeat the token. */
  private static String checked(String token) {
    if (token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new RequestException(TOKEN_SETTING + " holds characters that no token has");
    }
    return token;
  }

  /** Where a file is, at its revision or else the newest. */
  URI address(PublishedFile file) {
    String path =
        String.format(
            "%s/%s/resolve/%s/%s",
            endpoint.getRawPath(), file.repository(), file.revision().orElse("main"), file.path());
    try {
      return new URI(
          endpoint.getScheme(), null, endpoint.getHost(), endpoint.getPort(), path, null, null);
    } catch (URISyntaxException e) {
      throw new IllegalStateException("the catalog names a file that has no address: " + path, e);
    }
  }

  /** The token, for addresses of this hub alone, and never in the open over a network. */
  Optional<String> tokenFor(URI address) {
    boolean ours =
        address.getScheme().equalsIgnoreCase(endpoint.getScheme())
            && address.getHost().equalsIgnoreCase(endpoint.getHost())
            && address.getPort() == endpoint.getPort();
    return ours && isPrivate(address) ? token : Optional.empty();
  }

  /** Whether there is a token that goes nowhere, because the hub is asked in the open. */
  boolean keepsToken() {
    return token.isPresent() && !isPrivate(endpoint);
  }

  static boolean isPrivate(URI address) {
    String host = address.getHost();
    return address.getScheme().equalsIgnoreCase("https")
        || host.equals("127.0.0.1")
        || host.equals("localhost")
        || host.equals("[::1]");
  }

  boolean hasToken() {
    return token.isPresent();
  }

  @Override
  public String toString() {
    return endpoint.toString();
  }
}
