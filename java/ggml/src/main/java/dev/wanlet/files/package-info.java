// SPDX-License-Identifier: Apache-2.0
/**
 * Files that appear whole or not at all: hidden folders that unfinished files lie in until they get
 * their names, what killed runs left of them, room on the disk, and names that a file system takes.
 *
 * <p>Must not enter: what is in a file.
 */
package dev.wanlet.files;
