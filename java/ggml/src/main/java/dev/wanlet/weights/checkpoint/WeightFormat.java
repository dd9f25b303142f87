// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.safetensors.SafetensorsParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Formats of weight files, told apart by their first bytes and never by their names. Immutable. */
public enum WeightFormat {
  GGUF("GGUF"),
  SAFETENSORS("safetensors"),
  /** The JSON list of a checkpoint in several files. */
  SHARD_INDEX("JSON"),
  /** What PyTorch saves since version 1.6: a zip archive. */
  ZIP("a zip archive, probably a PyTorch checkpoint (.pth, .pt, .ckpt)"),
  /** What PyTorch saved before version 1.6: pickles and raw storages in a row. */
  LEGACY_TORCH("a PyTorch checkpoint (.pth, .pt, .ckpt) of before version 1.6"),
  PICKLE("a Python pickle without PyTorch's mark"),
  /** GGUF's predecessors. */
  OLD_GGML("a ggml file from before GGUF"),
  /** A few lines of text that stand for a large file in a git repository. */
  GIT_LFS_POINTER("a Git LFS pointer, not the file itself"),
  /** What a download of a page instead of a file leaves. */
  HTML("a web page, not the file itself"),
  UNKNOWN("not a known weight file");

  /** A pickle of protocol 2 that holds the ten-byte number 0x1950a86a20f9469cfc6c. */
  private static final String LEGACY_MARK =
      "\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019";

  private static final int PROBE_BYTES = 64;
  private static final int SAFETENSORS_LENGTH_BYTES = 8;

  private final String title;

  WeightFormat(String title) {
    this.title = title;
  }

  /** For people: "GGUF", "a zip archive, probably ...". */
  public String title() {
    return title;
  }

  /**
   * Looks at the beginning of a file.
   *
   * @throws IOException if it cannot be read
   */
  public static WeightFormat detect(Path file) throws IOException {
    byte[] head;
    try (InputStream in = Files.newInputStream(file)) {
      head = in.readNBytes(PROBE_BYTES);
    }
    return detect(head, Files.size(file));
  }

  static WeightFormat detect(byte[] head, long fileLength) {
    String text = new String(head, StandardCharsets.ISO_8859_1);
    if (text.startsWith("GGUF")) {
      return GGUF;
    }
    if (text.startsWith("PK\u0003\u0004") || text.startsWith("PK\u0005\u0006")) {
      return ZIP;
    }
    if (head.length > SAFETENSORS_LENGTH_BYTES && head[SAFETENSORS_LENGTH_BYTES] == '{') {
      long length = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
      // A file that ends inside its header is still safetensors: its reader says what is missing.
      if (length > 0 && length <= SafetensorsParser.MAX_HEADER_BYTES) {
        return SAFETENSORS;
      }
    }
    if (text.startsWith("version https://git-lfs")) {
      return GIT_LFS_POINTER;
    }
    String start = text.stripLeading();
    if (start.startsWith("{")) {
      return SHARD_INDEX;
    }
    if (start.regionMatches(true, 0, "<!doctype", 0, 9)
        || start.regionMatches(true, 0, "<html", 0, 5)) {
      return HTML;
    }
    if (text.startsWith(LEGACY_MARK)) {
      return LEGACY_TORCH;
    }
    if (text.startsWith("\u0080\u0002") || text.startsWith("\u0080\u0004")) {
      return PICKLE;
    }
    if (text.startsWith("tjgg") || text.startsWith("lmgg") || text.startsWith("fmgg")) {
      return OLD_GGML;
    }
    return UNKNOWN;
  }
}
