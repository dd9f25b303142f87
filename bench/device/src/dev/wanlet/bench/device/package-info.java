// SPDX-License-Identifier: Apache-2.0
/**
 * What to measure on a graphics card that is at hand for minutes: one class per part, each run in a
 * process of its own, with results written line by line as they come. See bench/device/README.md.
 */
package dev.wanlet.bench.device;
