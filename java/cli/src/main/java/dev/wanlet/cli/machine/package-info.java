// SPDX-License-Identifier: Apache-2.0
/**
 * {@code wanlet doctor}: what this machine has to compute with, how fast it is, what fits it, and
 * what is missing.
 *
 * <p>Must not enter: measurements that a run depends on, which {@code dev.wanlet.profiles} makes.
 * The report only shows them.
 */
package dev.wanlet.cli.machine;
