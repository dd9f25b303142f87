// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import dev.wanlet.files.DiskSpace;
import dev.wanlet.files.Sha256;
import dev.wanlet.files.WriteException;
import dev.wanlet.wan.catalog.PublishedFile;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;

/**
 * Fetches one file: goes on where an earlier try ended, tries again when a connection breaks, and
 * lets the file appear only when its length and sum are right. When it is stopped, what has come
 * stays. Confined to one thread.
 */
final class Download {
  private static final int CHUNK = 1 << 20;
  private static final long LONGEST_WAIT_SECONDS = 120;

  /** How a fetched file was found to be the right one. */
  enum Check {
    LISTED("its SHA-256 is the listed one"),
    SERVER("its SHA-256 is the one that the server told (X-Linked-ETag)"),
    LENGTH("no SHA-256 of it is known; its length is right"),
    NOTHING("neither SHA-256 nor length of it are known");

    private final String words;

    Check(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }
  }

  /**
   * How patient a download is. Immutable.
   *
   * @param tries in a row that bring nothing, until it gives up
   * @param firstWait before the second of them; each later one is twice as long
   * @param stall without a byte until a connection counts as broken
   */
  record Patience(int tries, Duration firstWait, Duration stall) {
    static final Patience USUAL = new Patience(6, Duration.ofSeconds(1), Duration.ofSeconds(60));
  }

  private final HubClient client;
  private final PublishedFile file;
  private final Path target;
  private final URI address;
  private final Patience patience;
  private final FetchListener listener;
  private final Stop stop;

  Download(
      HubClient client,
      PublishedFile file,
      Path target,
      Patience patience,
      FetchListener listener,
      Stop stop) {
    this.client = client;
    this.file = file;
    this.target = target;
    this.address = client.hub().address(file);
    this.patience = patience;
    this.listener = listener;
    this.stop = stop;
  }

  /**
   * Fetches the file, or finds it there.
   *
   * @throws CancellationException if it is stopped
   * @throws WriteException if it cannot be written, for want of room too
   * @throws FetchException if it cannot be had, or is not what it should be
   * @throws IOException if connections keep failing
   */
  Check run() throws IOException {
    if (stop.isWanted()) {
      throw cancelled();
    }
    if (Files.exists(target)) {
      return checkPresent();
    }
    Optional<PartFile> open = PartFile.open(target);
    if (open.isEmpty()) {
      return checkPresent();
    }
    try (PartFile part = open.get()) {
      OptionalLong total = bringAll(part);
      Check check = check(part, total);
      part.commit();
      return check;
    }
  }

  /** A file of that name is there: it is taken for the published one only if it is that. */
  private Check checkPresent() throws IOException {
    listener.said(target.getFileName() + " is there already and is not fetched");
    long bytes = Files.size(target);
    if (file.bytes().isPresent() && file.bytes().getAsLong() != bytes) {
      throw new FetchException(
          String.format(
              "%s is there already, but has %,d bytes where the published file has %,d; move it"
                  + " away, or use another folder",
              target, bytes, file.bytes().getAsLong()));
    }
    if (file.sha256().isPresent()) {
      String sum = Sha256.of(target);
      if (!sum.equals(file.sha256().get())) {
        throw new FetchException(
            String.format(
                "%s is there already, but its SHA-256 is %s where the published file has %s; move"
                    + " it away, or use another folder",
                target, sum, file.sha256().get()));
      }
      return Check.LISTED;
    }
    return file.bytes().isPresent() ? Check.LENGTH : Check.NOTHING;
  }

  private OptionalLong bringAll(PartFile part) throws IOException {
    int failures = 0;
    while (true) {
      long before = part.length();
      try {
        return bring(part);
      } catch (FetchException | WriteException e) {
        throw e;
      } catch (InterruptedException e) {
        throw cancelled();
      } catch (IOException e) {
        if (stop.isWanted()) {
          throw cancelled();
        }
        failures = part.length() > before ? 1 : failures + 1;
        if (failures >= patience.tries()) {
          throw new FetchException(
              String.format(
                  "%s: given up after %d tries: %s; what has come stays, and the same command goes"
                      + " on with it",
                  address, failures, reason(e)),
              e);
        }
        await(failures, e);
      }
    }
  }

  private CancellationException cancelled() {
    return new CancellationException(
        "stopped; what has come of "
            + target.getFileName()
            + " stays, and the same command goes on with it");
  }

  private String reason(IOException e) {
    if (e instanceof ConnectException) {
      return "cannot connect to " + address.getHost();
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  private void await(int failures, IOException cause) {
    long millis = patience.firstWait().toMillis() << (failures - 1);
    if (cause instanceof TryAgainException again && again.waitSeconds().isPresent()) {
      millis = Math.min(again.waitSeconds().getAsLong(), LONGEST_WAIT_SECONDS) * 1000;
    }
    listener.said(
        String.format(
            "%s: %s; trying again in %.0f s", target.getFileName(), reason(cause), millis / 1e3));
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw cancelled();
    }
  }

  /** One try, from where the last one ended; returns the size of the whole file if it is known. */
  private OptionalLong bring(PartFile part) throws IOException, InterruptedException {
    long offset = part.length();
    Optional<String> validator = part.validator();
    boolean canBeTold = validator.isPresent() || file.sha256().isPresent();
    if (offset > 0 && !canBeTold) {
      listener.said(
          target.getFileName() + ": nothing tells of which file the part is; starting anew");
      part.restart();
      offset = 0;
    }
    HubReply reply = client.get(address, offset, validator);
    try (InputStream body = reply.body()) {
      switch (reply.status()) {
        case 200 -> {
          if (offset > 0) {
            listener.said(
                target.getFileName() + ": the server sends it from the beginning; starting anew");
            part.restart();
            offset = 0;
          }
        }
        case 206 -> requireRest(part, reply, offset);
        case 416 -> {
          if (reply.totalBytes().isPresent() && reply.totalBytes().getAsLong() == offset) {
            return reply.totalBytes();
          }
          part.restart();
          throw new TryAgainException("what has come is longer than the file; starting anew");
        }
        default -> throw refusal(reply);
      }
      OptionalLong total = total(reply);
      if (total.isPresent()) {
        DiskSpace.require(target, total.getAsLong() - offset);
      }
      if (offset == 0) {
        part.remember(reply.validator(), reply.sha256());
      }
      copy(body, part, offset, total);
      return total;
    }
  }

  /** The answer must go on where the part ends, and be of the same file. */
  private void requireRest(PartFile part, HubReply reply, long offset) throws IOException {
    boolean sameFile =
        part.serverSum().isEmpty()
            || reply.sha256().isEmpty()
            || part.serverSum().equals(reply.sha256());
    boolean follows = offset > 0 && reply.rangeStart().equals(OptionalLong.of(offset));
    if (!sameFile || !follows) {
      part.restart();
      throw new TryAgainException(
          sameFile
              ? "the server sends another part than was asked for; starting anew"
              : "the file has changed on the server; starting anew");
    }
  }

  private IOException refusal(HubReply reply) {
    int status = reply.status();
    boolean token = client.hub().hasToken();
    return switch (status) {
      case 401, 403 ->
          new FetchException(
              String.format(
                  "%s: access refused (%d); %s",
                  address,
                  status,
                  token
                      ? "the token in HF_TOKEN does not allow it: accept the model's terms on its"
                          + " page, or use another token"
                      : "if the model has terms, accept them on its page, and put an access token"
                          + " into HF_TOKEN"));
      case 404, 410 ->
          new FetchException(
              String.format(
                  "%s: not published there (%d); another type, or another address of the hub?",
                  address, status));
      case 408, 425, 429, 500, 502, 503, 504 ->
          new TryAgainException(
              "the server answers " + status,
              reply
                  .headers()
                  .firstValue("Retry-After")
                  .map(Download::seconds)
                  .orElse(OptionalLong.empty()));
      default -> new FetchException(address + ": the server answers " + status);
    };
  }

  private static OptionalLong seconds(String header) {
    return header.matches("\\d{1,9}")
        ? OptionalLong.of(Long.parseLong(header))
        : OptionalLong.empty();
  }

  /** The size of the whole file; another than the listed one means another file. */
  private OptionalLong total(HubReply reply) throws FetchException {
    OptionalLong total = reply.totalBytes();
    if (total.isPresent()
        && file.bytes().isPresent()
        && total.getAsLong() != file.bytes().getAsLong()) {
      throw new FetchException(
          String.format(
              "%s: the server has %,d bytes, listed are %,d; it is another file",
              address, total.getAsLong(), file.bytes().getAsLong()));
    }
    if (reply.sha256().isPresent()
        && file.sha256().isPresent()
        && !reply.sha256().equals(file.sha256())) {
      throw new FetchException(
          String.format(
              "%s: the server says that its SHA-256 is %s, listed is %s; it is another file",
              address, reply.sha256().get(), file.sha256().get()));
    }
    return total.isPresent() ? total : file.bytes();
  }

  private void copy(InputStream body, PartFile part, long offset, OptionalLong total)
      throws IOException {
    byte[] chunk = new byte[CHUNK];
    long done = offset;
    try (StallGuard guard = new StallGuard(body, patience.stall())) {
      listener.progress(done, total.orElse(-1));
      stop.reading(body);
      for (int n = body.read(chunk); n >= 0; n = body.read(chunk)) {
        guard.touch();
        part.append(chunk, n, total.orElse(done + n) - done);
        done += n;
        listener.progress(done, total.orElse(-1));
      }
      if (stop.isWanted()) {
        throw cancelled();
      }
      if (guard.hasStalled()) {
        throw new TryAgainException("nothing has come for " + patience.stall().toSeconds() + " s");
      }
    }
    if (total.isPresent() && done < total.getAsLong()) {
      throw new TryAgainException(
          String.format("the connection broke at %,d of %,d bytes", done, total.getAsLong()));
    }
  }

  /** Compares what has come with what is known of the file. */
  private Check check(PartFile part, OptionalLong total) throws IOException {
    if (total.isPresent() && part.length() != total.getAsLong()) {
      String problem =
          String.format(
              "%s: %,d bytes came where %,d were expected; they were deleted",
              address, part.length(), total.getAsLong());
      part.discard();
      throw new FetchException(problem);
    }
    boolean listed = file.sha256().isPresent();
    Optional<String> expected = file.sha256().or(part::serverSum);
    if (expected.isEmpty()) {
      return total.isPresent() ? Check.LENGTH : Check.NOTHING;
    }
    String sum = part.sum();
    if (!sum.equals(expected.get())) {
      part.discard();
      throw new FetchException(
          String.format(
              "%s: the SHA-256 of what came is %s, %s %s; it was deleted: fetch it again",
              address, sum, listed ? "listed is" : "the server told", expected.get()));
    }
    return listed ? Check.LISTED : Check.SERVER;
  }
}
