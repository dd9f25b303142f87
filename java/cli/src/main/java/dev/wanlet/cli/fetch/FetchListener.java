// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.fetch;

/** Is told how a download goes, on the thread that fetches. */
interface FetchListener {
  /** So many bytes have come; {@code total} is -1 while nobody has told it. */
  void progress(long bytes, long total);

  /** Something that the user should know, in a line. */
  void said(String line);
}
