// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.quality;

/**
 * What a measure is. Immutable.
 *
 * @param id its stable name in reports
 * @param unit what its value counts
 * @param better which way a value improves
 * @param leastFrames a shorter clip has no value
 * @param method what is computed, in a sentence
 */
public record MeasureInfo(String id, String unit, Better better, int leastFrames, String method) {}
