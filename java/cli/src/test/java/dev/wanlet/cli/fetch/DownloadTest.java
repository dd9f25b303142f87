// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.files.WriteException;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.PublishedFile;
import dev.wanlet.wan.catalog.RequestException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DownloadTest {
  private static final byte[] CONTENT = new byte[300_000];
  private static final String TAG = "\"v1\"";
  private static final String SUM;

  static {
    new Random(7).nextBytes(CONTENT);
    SUM = sum(CONTENT);
  }

  @TempDir private Path folder;
  private FakeHub hub;
  private Path target;
  private final List<String> said = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    hub = new FakeHub();
    target = folder.resolve("net.safetensors");
  }

  @AfterEach
  void close() {
    hub.close();
  }

  private static String sum(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static PublishedFile file(Long bytes, String sha256) {
    return new PublishedFile(
        ModelPart.VAE,
        "someone/some-model",
        Optional.of("0123abc"),
        "vae/net.safetensors",
        bytes == null ? OptionalLong.empty() : OptionalLong.of(bytes),
        OptionalDouble.empty(),
        Optional.ofNullable(sha256));
  }

  private static PublishedFile listed() {
    return file((long) CONTENT.length, SUM);
  }

  private Download download(PublishedFile file, Map<String, String> environment) {
    return download(file, environment, Duration.ofSeconds(20), new Stop(Thread.currentThread()));
  }

  private Download download(
      PublishedFile file, Map<String, String> environment, Duration stall, Stop stop) {
    return new Download(
        new HubClient(Hub.of(hub.address(), environment::get)),
        file,
        target,
        new Download.Patience(3, Duration.ofMillis(1), stall),
        new FetchListener() {
          @Override
          public void progress(long bytes, long total) {}

          @Override
          public void said(String line) {
            said.add(line);
          }
        },
        stop);
  }

  private Download.Check fetch(PublishedFile file) throws IOException {
    return download(file, Map.of()).run();
  }

  private void assertWhole() throws IOException {
    assertThat(target).hasBinaryContent(CONTENT);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(target);
    }
  }

  private byte[] part() throws IOException {
    return Files.readAllBytes(PartFile.part(target));
  }

  @Test
  void aFileAppearsWhenItsSumIsTheListedOne() throws IOException {
    hub.answering(FakeHub.file(CONTENT, TAG));
    assertThat(fetch(listed())).isEqualTo(Download.Check.LISTED);
    assertWhole();
    assertThat(hub.asked()).hasSize(1);
    assertThat(hub.asked().get(0))
        .containsEntry("path", "/someone/some-model/resolve/0123abc/vae/net.safetensors")
        .doesNotContainKeys("Range", "Authorization");
  }

  @Test
  void aBrokenConnectionGoesOnWhereItEnded() throws IOException {
    hub.answering(
        FakeHub.brokenAt(100_000, CONTENT, TAG),
        FakeHub.brokenAt(200_000, CONTENT, TAG),
        FakeHub.file(CONTENT, TAG));
    assertThat(fetch(listed())).isEqualTo(Download.Check.LISTED);
    assertWhole();
    assertThat(hub.asked()).hasSize(3);
    assertThat(hub.asked().get(1))
        .containsEntry("If-Range", TAG)
        .hasEntrySatisfying("Range", r -> assertThat(r).matches("bytes=[1-9]\\d*-"));
    assertThat(said).hasSize(2).allMatch(line -> line.contains("trying again"));
  }

  @Test
  void aLaterRunGoesOnWithThePart() throws IOException {
    hub.answering(
        FakeHub.brokenAt(100_000, CONTENT, TAG),
        FakeHub.status(503),
        FakeHub.status(503),
        FakeHub.file(CONTENT, TAG));
    assertThatThrownBy(() -> fetch(file(null, null)))
        .isInstanceOf(FetchException.class)
        .hasMessageContainingAll("given up after 3 tries", "503", "stays");
    int there = part().length;
    assertThat(there).isBetween(1, 100_000);
    assertThat(fetch(file(null, null))).isEqualTo(Download.Check.LENGTH);
    assertWhole();
    assertThat(hub.asked().get(3)).containsEntry("Range", "bytes=" + there + "-");
  }

  @Test
  void aChangedFileStartsAnew() throws IOException {
    byte[] old = CONTENT.clone();
    old[5]++;
    hub.answering(FakeHub.brokenAt(100_000, old, "\"v0\""), FakeHub.file(CONTENT, TAG));
    assertThat(fetch(listed())).isEqualTo(Download.Check.LISTED);
    assertWhole();
    assertThat(said).anyMatch(line -> line.contains("from the beginning"));
  }

  @Test
  void aServerThatIgnoresRangesStartsAnew() throws IOException {
    hub.answering(FakeHub.brokenAt(100_000, CONTENT, TAG), FakeHub.whole(CONTENT));
    assertThat(fetch(listed())).isEqualTo(Download.Check.LISTED);
    assertWhole();
  }

  @Test
  void aServerThatSendsAnotherRangeStartsAnew() throws IOException {
    hub.answering(
        FakeHub.brokenAt(100_000, CONTENT, TAG),
        exchange -> {
          exchange.getResponseHeaders().set("Content-Range", "bytes 7-299999/300000");
          exchange.sendResponseHeaders(206, 10);
          exchange.getResponseBody().write(new byte[10]);
        },
        FakeHub.file(CONTENT, TAG));
    assertThat(fetch(listed())).isEqualTo(Download.Check.LISTED);
    assertWhole();
    assertThat(hub.asked().get(2)).doesNotContainKey("Range");
  }

  @Test
  void aPartThatIsTheWholeFileIsTakenAfterItsSum() throws IOException {
    Files.write(PartFile.part(target), CONTENT);
    hub.answering(FakeHub.file(CONTENT, TAG));
    assertThat(fetch(listed())).isEqualTo(Download.Check.LISTED);
    assertWhole();
  }

  @Test
  void aPartThatIsLongerThanTheFileIsForgotten() throws IOException {
    Files.write(PartFile.part(target), new byte[CONTENT.length + 1]);
    hub.answering(FakeHub.file(CONTENT, TAG));
    assertThat(fetch(listed())).isEqualTo(Download.Check.LISTED);
    assertWhole();
  }

  @Test
  void aPartOfNobodyKnowsWhatIsForgotten() throws IOException {
    Files.write(PartFile.part(target), new byte[1000]);
    hub.answering(FakeHub.file(CONTENT, TAG));
    assertThat(fetch(file(null, null))).isEqualTo(Download.Check.LENGTH);
    assertWhole();
    assertThat(hub.asked().get(0)).doesNotContainKey("Range");
  }

  @Test
  void aWrongSumIsRefusedAndTheFileDeleted() {
    byte[] other = CONTENT.clone();
    other[100]++;
    hub.answering(FakeHub.file(other, TAG));
    assertThatThrownBy(() -> fetch(listed()))
        .isInstanceOf(FetchException.class)
        .hasMessageContainingAll("SHA-256", sum(other), "listed is " + SUM, "deleted");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void theSumOfTheServerIsHeldWhereNoneIsListed() throws IOException {
    byte[] other = CONTENT.clone();
    other[100]++;
    FakeHub.Answer redirect =
        FakeHub.status(
            302,
            "Location",
            "/storage?x=%2F1",
            "X-Linked-ETag",
            "\"" + SUM + "\"",
            "X-Linked-Size",
            "300000");
    hub.answering(redirect, FakeHub.file(other, TAG), redirect, FakeHub.file(CONTENT, TAG));
    assertThatThrownBy(() -> fetch(file(null, null)))
        .isInstanceOf(FetchException.class)
        .hasMessageContainingAll("the server told " + SUM);
    assertThat(fetch(file(null, null))).isEqualTo(Download.Check.SERVER);
    assertWhole();
  }

  @Test
  void anotherFileThanTheListedOneIsRefusedBeforeItIsFetched() {
    hub.answering(FakeHub.file(new byte[1000], TAG));
    assertThatThrownBy(() -> fetch(listed()))
        .isInstanceOf(FetchException.class)
        .hasMessageContainingAll("1,000 bytes", "300,000", "another file");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void anotherSumThanTheListedOneIsRefusedBeforeItIsFetched() {
    String zeros = "0".repeat(64);
    hub.answering(
        FakeHub.status(302, "Location", "/x", "X-Linked-ETag", "\"" + zeros + "\""),
        FakeHub.file(CONTENT, TAG));
    assertThatThrownBy(() -> fetch(listed()))
        .isInstanceOf(FetchException.class)
        .hasMessageContainingAll("its SHA-256 is " + zeros, "listed is " + SUM, "another file");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aShortBodyWithoutALengthIsAWrongLength() {
    hub.answering(
        exchange -> {
          exchange.sendResponseHeaders(200, 0); // chunked
          exchange.getResponseBody().write(CONTENT, 0, 5000);
          exchange.getResponseBody().close();
        });
    assertThatThrownBy(() -> fetch(listed()))
        .isInstanceOf(FetchException.class)
        .hasMessageContainingAll("5,000 of 300,000 bytes");
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void aRefusalTellsOfTheToken(int status) {
    hub.answering(FakeHub.status(status));
    assertThatThrownBy(() -> fetch(listed()))
        .isInstanceOf(FetchException.class)
        .hasMessageContainingAll("access refused (" + status + ")", "HF_TOKEN");
    assertThat(hub.asked()).hasSize(1);
  }

  @Test
  void whatIsNotThereIsNotAskedForAgain() {
    hub.answering(FakeHub.status(404));
    assertThatThrownBy(() -> fetch(listed()))
        .isInstanceOf(FetchException.class)
        .hasMessageContainingAll("/vae/net.safetensors", "not published there (404)");
    assertThat(hub.asked()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 502, 503})
  void busyServersAreAskedAgain(int status) throws IOException {
    hub.answering(
        FakeHub.status(status, "Retry-After", "0"),
        FakeHub.status(status),
        FakeHub.file(CONTENT, TAG));
    assertThat(fetch(listed())).isEqualTo(Download.Check.LISTED);
    assertWhole();
    assertThat(said).hasSize(2).allMatch(line -> line.contains(String.valueOf(status)));
  }

  @Test
  void aServerThatIsNotThereIsGivenUp() {
    hub.close();
    assertThatThrownBy(() -> fetch(listed()))
        .isInstanceOf(FetchException.class)
        .hasMessageContainingAll("given up after 3 tries", "127.0.0.1");
  }

  @Test
  void redirectionsWithoutEndAreRefused() {
    hub.answering(FakeHub.status(302, "Location", "/again"));
    assertThatThrownBy(() -> fetch(listed()))
        .isInstanceOf(FetchException.class)
        .hasMessageContaining("redirections");
  }

  @Test
  void theTokenGoesToTheHubAloneAndIsNeverTold() throws IOException {
    String token = "hf_secret";
    try (FakeHub storage = new FakeHub()) {
      storage.answering(FakeHub.status(403));
      hub.answering(FakeHub.status(302, "Location", storage.address() + "/blob"));
      assertThatThrownBy(() -> download(listed(), Map.of("HF_TOKEN", token + "\n")).run())
          .hasMessageContaining("the token in HF_TOKEN does not allow it")
          .hasMessageNotContaining(token);
      assertThat(hub.asked().get(0)).containsEntry("Authorization", "Bearer " + token);
      assertThat(storage.asked()).hasSize(1);
      assertThat(storage.asked().get(0)).doesNotContainKey("Authorization");
    }
    assertThat(said).noneMatch(line -> line.contains(token));
    assertThatThrownBy(() -> Hub.of(null, Map.of("HF_TOKEN", "hf secret")::get))
        .isInstanceOf(RequestException.class)
        .hasMessageNotContaining("secret");
    Hub open = Hub.of("http://mirror.example", Map.of("HF_TOKEN", token)::get);
    assertThat(open.keepsToken()).isTrue();
    assertThat(open.tokenFor(URI.create("http://mirror.example/x"))).isEmpty();
    assertThat(open).asString().doesNotContain(token);
  }

  @Test
  void theAddressComesFromTheCommandOrTheSetting() {
    Map<String, String> setting = Map.of("HF_ENDPOINT", "https://mirror.example/hub/");
    assertThat(Hub.of(null, setting::get).address(listed()))
        .hasToString(
            "https://mirror.example/hub/someone/some-model/resolve/0123abc/vae/net.safetensors");
    assertThat(Hub.of("https://a.example", setting::get)).hasToString("https://a.example");
    assertThat(Hub.of(null, name -> null)).hasToString("https://huggingface.co");
    for (String bad : new String[] {"ftp://x", "nothing", "https://me:pw@x", "https://x?y=1", ""}) {
      assertThatThrownBy(() -> Hub.of(bad, name -> null)).isInstanceOf(RequestException.class);
    }
  }

  @Test
  void aFileThatIsThereIsCheckedAndNotFetched() throws IOException {
    Files.write(target, CONTENT);
    assertThat(fetch(listed())).isEqualTo(Download.Check.LISTED);
    Files.write(target, new byte[CONTENT.length]);
    assertThatThrownBy(() -> fetch(listed()))
        .hasMessageContaining("there already, but its SHA-256");
    Files.write(target, new byte[10]);
    assertThatThrownBy(() -> fetch(listed()))
        .hasMessageContaining("there already, but has 10 bytes");
    assertThat(target).hasSize(10);
    assertThat(hub.asked()).isEmpty();
  }

  @Test
  void oneProcessAtATimeFetchesAFile() throws IOException {
    hub.answering(FakeHub.file(CONTENT, TAG));
    try (RandomAccessFile other = new RandomAccessFile(PartFile.part(target).toFile(), "rw")) {
      assertThat(other.getChannel().tryLock()).isNotNull();
      assertThatThrownBy(() -> fetch(listed()))
          .isInstanceOf(FetchException.class)
          .hasMessageContaining("being fetched by another process");
    }
    assertThat(fetch(listed())).isEqualTo(Download.Check.LISTED);
    assertWhole();
  }

  @Test
  void aDiskThatIsTooSmallIsRefusedBeforeAnythingIsWritten() {
    hub.answering(
        exchange -> {
          exchange.sendResponseHeaders(200, 1L << 60);
          exchange.getResponseBody().write(new byte[1]);
        });
    assertThatThrownBy(() -> fetch(file(null, null)))
        .isInstanceOf(WriteException.class)
        .hasMessageContaining("free");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aStopLeavesAPartThatALaterRunGoesOnWith() throws Exception {
    CountDownLatch half = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    hub.answering(
        exchange -> {
          exchange.getResponseHeaders().set("ETag", TAG);
          exchange.sendResponseHeaders(200, CONTENT.length);
          exchange.getResponseBody().write(CONTENT, 0, 100_000);
          exchange.getResponseBody().flush();
          half.countDown();
          try {
            end.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        },
        FakeHub.file(CONTENT, TAG));
    AtomicReference<Throwable> failure = new AtomicReference<>();
    AtomicReference<Stop> stop = new AtomicReference<>();
    Thread thread =
        new Thread(
            () -> {
              Stop own = new Stop(Thread.currentThread());
              stop.set(own);
              try {
                download(listed(), Map.of(), Duration.ofSeconds(20), own).run();
              } catch (IOException | RuntimeException e) {
                failure.set(e);
              }
            });
    thread.start();
    half.await();
    while (Files.notExists(PartFile.part(target)) || Files.size(PartFile.part(target)) == 0) {
      Thread.sleep(5);
    }
    stop.get().request();
    thread.join();
    end.countDown();
    assertThat(failure.get())
        .isInstanceOf(CancellationException.class)
        .hasMessageContaining("the same command goes on");
    int there = part().length;
    assertThat(there).isPositive();
    assertThat(fetch(listed())).isEqualTo(Download.Check.LISTED);
    assertWhole();
    assertThat(hub.asked().get(1)).containsEntry("Range", "bytes=" + there + "-");
  }

  @Test
  void aConnectionThatDiesSilentlyIsBroken() throws IOException {
    CountDownLatch end = new CountDownLatch(1);
    hub.answering(
        exchange -> {
          exchange.getResponseHeaders().set("ETag", TAG);
          exchange.sendResponseHeaders(200, CONTENT.length);
          exchange.getResponseBody().write(CONTENT, 0, 100_000);
          exchange.getResponseBody().flush();
          try {
            end.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        },
        FakeHub.file(CONTENT, TAG));
    Download impatient =
        download(listed(), Map.of(), Duration.ofMillis(300), new Stop(Thread.currentThread()));
    assertThat(impatient.run()).isEqualTo(Download.Check.LISTED);
    end.countDown();
    assertWhole();
    assertThat(said).isNotEmpty();
  }
}
