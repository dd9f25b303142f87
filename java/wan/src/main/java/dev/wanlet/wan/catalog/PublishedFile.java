// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.catalog;

/**
 * A file that others have published and this version reads. Immutable.
 *
 * @param repository on the Hugging Face hub
 * @param path inside the repository
 * @param gigabytes its size in units of 10<sup>9</sup> bytes, as published
 */
public record PublishedFile(String repository, String path, double gigabytes) {}
