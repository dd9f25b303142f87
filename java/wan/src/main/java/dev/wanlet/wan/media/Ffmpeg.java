// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.media;

import static org.bytedeco.ffmpeg.global.avutil.AV_ERROR_MAX_STRING_SIZE;
import static org.bytedeco.ffmpeg.global.avutil.AV_LOG_ERROR;
import static org.bytedeco.ffmpeg.global.avutil.AV_LOG_WARNING;

import dev.wanlet.base.HostMemoryException;
import dev.wanlet.base.Printable;
import dev.wanlet.base.UserCache;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.LogCallback;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * The door to the bundled FFmpeg libraries: loads them on first use, never before, and keeps their
 * messages off stdout and stderr.
 *
 * <p>FFmpeg logs through one callback per process. Errors and warnings go to the {@link
 * System.Logger} of this package; while a {@link #capturing} call runs, errors are collected
 * instead, so that they become part of one exception message. Thread-safe.
 */
public final class Ffmpeg {
  private static final System.Logger LOG = System.getLogger(Ffmpeg.class.getPackageName());

  /** The property under which JavaCPP unpacks native libraries. */
  private static final String CACHE_PROPERTY = "org.bytedeco.javacpp.cachedir";

  /** What JavaCV appends to messages; here the logger is always set. */
  private static final Pattern JAVACV_HINT =
      Pattern.compile(" \\(For more details,.*", Pattern.DOTALL);

  private static final Pattern ADDRESS =
      Pattern.compile("\\[[^\\]]* @ (0x)?\\p{XDigit}+] *", Pattern.CASE_INSENSITIVE);

  private static final Pattern ERROR_CODE = Pattern.compile("error (-\\d{1,10})\\b");

  /** Any size that all encoders take. */
  private static final int PROBE_WIDTH = 320;

  private static final int PROBE_HEIGHT = 256;

  private static final Object CAPTURE_LOCK = new Object();
  private static volatile List<String> captured;

  private Ffmpeg() {}

  /** Holds the callback for the life of the process; its class initialiser loads the libraries. */
  private static final class Libraries {
    static final LogCallback CALLBACK = load();

    private static LogCallback load() {
      if (System.getProperty(CACHE_PROPERTY) == null) {
        System.setProperty(CACHE_PROPERTY, UserCache.folder("javacpp").toString());
      }
      // All that clips need, here and now: what cannot be loaded is an error before any work.
      Loader.load(avcodec.class);
      Loader.load(avformat.class);
      Loader.load(swscale.class);
      avutil.av_log_set_level(AV_LOG_WARNING);
      LogCallback callback =
          new LogCallback() {
            @Override
            public void call(int level, BytePointer message) {
              log(level, withoutAddress(message.getString(StandardCharsets.UTF_8)));
            }
          };
      // A pointer scope that happens to be open on this thread must not free it.
      callback.retainReference();
      avutil.setLogCallback(callback);
      return callback;
    }
  }

  /**
   * Loads the libraries unless they are loaded.
   *
   * @throws HostMemoryException if the process may not take the memory
   * @throws IllegalStateException if this platform has no FFmpeg libraries on the class path
   */
  public static void load() {
    try {
      if (Libraries.CALLBACK.isNull()) {
        throw new IllegalStateException("FFmpeg's log callback was released");
      }
    } catch (LinkageError e) {
      if (HostMemoryException.isBehind(e)) {
        throw new HostMemoryException("FFmpeg cannot be loaded", e);
      }
      throw new IllegalStateException(
          "cannot load the FFmpeg libraries for "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + ": "
              + e.getMessage()
              + "; expected the artifact org.bytedeco:ffmpeg of this platform on the class path and"
              + " a writable cache directory (WANLET_CACHE)",
          e);
    }
  }

  /** Whether the loaded build has the named encoder. */
  static boolean hasEncoder(String name) {
    load();
    return avcodec.avcodec_find_encoder_by_name(name) != null;
  }

  /** Whether the named encoder, if there is one, takes frames of a pixel format. */
  static boolean takesPixels(String name, int format) {
    load();
    AVCodec codec = avcodec.avcodec_find_encoder_by_name(name);
    PointerPointer<Pointer> formats = new PointerPointer<>(1);
    if (codec == null
        || avcodec.avcodec_get_supported_config(
                null, codec, avcodec.AV_CODEC_CONFIG_PIX_FORMAT, 0, formats, (IntPointer) null)
            < 0) {
      return false;
    }
    Pointer list = formats.get();
    IntPointer all = list == null || list.isNull() ? null : new IntPointer(list);
    for (int i = 0; all != null && all.get(i) != avutil.AV_PIX_FMT_NONE; i++) {
      if (all.get(i) == format) {
        return true;
      }
    }
    return false;
  }

  /** What happens when the named encoder is started, in FFmpeg's words; empty if nothing does. */
  static String startFailure(String name) {
    AVCodecContext context =
        avcodec.avcodec_alloc_context3(avcodec.avcodec_find_encoder_by_name(name));
    context.width(PROBE_WIDTH).height(PROBE_HEIGHT).pix_fmt(avutil.AV_PIX_FMT_YUV420P);
    context.time_base().num(1).den(1);
    try {
      return capturing(
          () -> {
            int code = avcodec.avcodec_open2(context, context.codec(), (AVDictionary) null);
            if (code < 0) {
              throw new IOException("error " + code);
            }
            return "";
          },
          (reason, cause) -> new IOException(reason, cause));
    } catch (IOException e) {
      return e.getMessage();
    } finally {
      avcodec.avcodec_free_context(context);
    }
  }

  /**
   * The file as FFmpeg is told about it: with the protocol spelled out, since a name with a colon
   * would otherwise be read as one.
   */
  public static String url(Path file) {
    return "file:" + file.toAbsolutePath();
  }

  /**
   * Runs {@code action} and turns its failure into a message that ends with what FFmpeg logged.
   *
   * @param failure makes the exception to throw from FFmpeg's own words
   */
  public static <T, E extends Exception> T capturing(Callable<T> action, FailureFactory<E> failure)
      throws E {
    load();
    synchronized (CAPTURE_LOCK) {
      List<String> lines = new ArrayList<>();
      captured = lines;
      try {
        return action.call();
      } catch (Exception e) {
        throw failure.create(reason(lines, e), e);
      } finally {
        captured = null;
      }
    }
  }

  /** Makes the exception of a failed FFmpeg call. */
  public interface FailureFactory<E extends Exception> {
    E create(String reason, Exception cause);
  }

  private static String reason(List<String> lines, Exception e) {
    String own = plain(e);
    synchronized (lines) {
      String logged = lines.stream().distinct().collect(Collectors.joining("; "));
      return logged.isEmpty() ? own : own + " (" + logged + ")";
    }
  }

  /** FFmpeg's error code in words; the message of a JavaCV exception that has none. */
  public static String plain(Exception e) {
    String text = JAVACV_HINT.matcher(String.valueOf(e.getMessage())).replaceAll("");
    Matcher code = ERROR_CODE.matcher(text);
    if (!code.find()) {
      return text;
    }
    byte[] buffer = new byte[AV_ERROR_MAX_STRING_SIZE];
    avutil.av_strerror(Integer.parseInt(code.group(1)), buffer, buffer.length);
    String words = new String(buffer, StandardCharsets.UTF_8);
    return words.substring(0, words.indexOf('\0'));
  }

  /** What FFmpeg logs, without the {@code [mov @ 0x7f33a81c4f40]} that it puts before. */
  static String withoutAddress(String line) {
    return Printable.message(ADDRESS.matcher(line.strip()).replaceAll(""));
  }

  private static void log(int level, String message) {
    List<String> sink = captured;
    if (message.isEmpty()) {
      return;
    }
    if (level > AV_LOG_ERROR) {
      LOG.log(System.Logger.Level.DEBUG, message);
    } else if (sink != null) {
      synchronized (sink) {
        sink.add(message);
      }
    } else {
      LOG.log(System.Logger.Level.WARNING, "FFmpeg: " + message);
    }
  }
}
