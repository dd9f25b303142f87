// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.ggml;

/** What kind of failure a {@link GgmlException} reports. */
public enum ErrorCode {
  /** An argument that Java should have refused; a bug on our side of the boundary. */
  INVALID_ARGUMENT,
  /** No device or backend of that name. */
  DEVICE_NOT_FOUND,
  /** An allocation failed; nothing else was harmed. */
  OUT_OF_MEMORY,
  /** A graph stopped because the caller asked it to. */
  ABORTED,
  /** The device lacks an operation. */
  UNSUPPORTED,
  /** The device failed while computing; it cannot be used any more. */
  DEVICE_FAILED,
  /** The operating system refused a file operation. */
  IO,
  /** Anything else. */
  INTERNAL
}
