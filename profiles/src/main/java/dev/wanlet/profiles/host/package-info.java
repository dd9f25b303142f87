// SPDX-License-Identifier: Apache-2.0
/**
 * What the machine around a device is: processor, memory, disks, as the operating system tells.
 *
 * <p>Must not enter: how fast any of it is, which {@code profiles} measures.
 */
package dev.wanlet.profiles.host;
